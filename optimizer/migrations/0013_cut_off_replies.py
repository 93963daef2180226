"""Whoever resumes a run whose replies were cut off has seen that."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0012_models_apart")]

    operations = [
        migrations.AddField("run", "accepts_cut", models.BooleanField(default=False)),
    ]

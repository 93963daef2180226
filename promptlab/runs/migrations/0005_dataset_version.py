from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0004_version_scores")]

    operations = [
        migrations.AddField("projectrun", "dataset_version", models.PositiveIntegerField(default=1)),
    ]

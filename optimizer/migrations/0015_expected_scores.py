"""What each candidate may score on new examples stands beside it, by the reckoning of its run."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0014_demo_pools")]

    operations = [
        migrations.AddField("candidate", "expected", models.JSONField(null=True)),
    ]

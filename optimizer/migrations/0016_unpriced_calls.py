"""Calls whose price was not known are counted apart: their cost is missing, and no zero."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0015_expected_scores")]

    operations = [
        migrations.AddField(
            "completion", "priced", models.BooleanField(default=True, db_default=True)
        ),
        migrations.AddField("trial", "unpriced", models.PositiveIntegerField(default=0)),
        migrations.AddIndex(
            "completion",
            models.Index(fields=["run"], condition=Q(priced=False), name="unpriced_of_run"),
        ),
        migrations.AddIndex(
            "completion",
            models.Index(
                fields=["namespace", "reserved_at"], condition=Q(priced=False), name="unpriced_in"
            ),
        ),
    ]

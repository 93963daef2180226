"""Evaluations: which model and draw an answer is of, and the run whose candidates they join."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0019_fetched_texts")]

    operations = [
        migrations.AddField(
            "exchange", "model", models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField(
            "exchange", "sample", models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField(
            "run",
            "beside",
            models.ForeignKey(
                "optimizer.run", django.db.models.deletion.PROTECT, null=True,
                related_name="evaluations",
            ),
        ),
    ]  # fmt: skip

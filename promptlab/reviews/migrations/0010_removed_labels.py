from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0009_protected_points")]

    operations = [
        migrations.AlterField(
            "labelmove",
            "version",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="moves_to",
                to="reviews.version",
            ),
        ),
    ]  # fmt: skip

"""Edits of candidates that are not finished."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("runs", "0007_origins"),
    ]

    operations = [
        migrations.CreateModel(
            "EditDraft",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False,
                                           verbose_name="ID")),
                ("candidate", models.PositiveIntegerField()),
                ("typed", models.TextField()),
                ("at", models.DateTimeField(auto_now=True)),
                ("by", models.ForeignKey(
                    settings.AUTH_USER_MODEL, django.db.models.deletion.CASCADE, related_name="+")),
                ("project_run", models.ForeignKey(
                    "runs.projectrun", django.db.models.deletion.CASCADE,
                    related_name="edit_drafts")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["project_run", "candidate", "by"], name="edit_draft_once"
                    ),
                ],
            },
        ),
    ]  # fmt: skip

"""Runs that go on from others, and candidates that were written by hand."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("runs", "0006_input_columns"),
    ]

    operations = [
        migrations.AddField(
            "projectrun", "origin",
            models.ForeignKey(
                "runs.projectrun", django.db.models.deletion.PROTECT, null=True,
                related_name="followers",
            ),
        ),
        migrations.AddField(
            "projectrun", "origin_candidate", models.PositiveIntegerField(null=True)
        ),
        migrations.CreateModel(
            "EditedCandidate",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False,
                                           verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("parent", models.PositiveIntegerField()),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("by", models.ForeignKey(
                    settings.AUTH_USER_MODEL, django.db.models.deletion.PROTECT, related_name="+")),
                ("evaluation", models.ForeignKey(
                    "runs.projectrun", django.db.models.deletion.PROTECT, related_name="+")),
                ("project_run", models.ForeignKey(
                    "runs.projectrun", django.db.models.deletion.CASCADE, related_name="edits")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["project_run", "digest"], name="edit_once"),
                ],
            },
        ),
    ]  # fmt: skip

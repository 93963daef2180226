"""Prompts tried side by side, and what is typed for it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CASCADE, PROTECT = django.db.models.deletion.CASCADE, django.db.models.deletion.PROTECT


def _id() -> models.BigAutoField:
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("runs", "0009_rewrite_cards"),
    ]

    operations = [
        migrations.CreateModel(
            "PlayDraft",
            [
                ("id", _id()),
                ("typed", models.TextField()),
                ("at", models.DateTimeField(auto_now=True)),
                ("by", models.ForeignKey(settings.AUTH_USER_MODEL, CASCADE, related_name="+")),
                ("project", models.ForeignKey(
                    "accounts.project", CASCADE, related_name="play_drafts")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["project", "by"], name="play_draft_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "Play",
            [
                ("id", _id()),
                ("typed", models.TextField()),
                ("columns", models.JSONField()),
                ("rows", models.JSONField()),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("by", models.ForeignKey(settings.AUTH_USER_MODEL, PROTECT, related_name="+")),
                ("project", models.ForeignKey("accounts.project", CASCADE, related_name="plays")),
            ],
            options={"ordering": ["-pk"]},
        ),
        migrations.CreateModel(
            "PlayRun",
            [
                ("id", _id()),
                ("column", models.PositiveSmallIntegerField()),
                ("play", models.ForeignKey("runs.play", CASCADE, related_name="parts")),
                ("run", models.OneToOneField("optimizer.run", PROTECT, related_name="+")),
            ],
            options={"ordering": ["column", "pk"]},
        ),
    ]  # fmt: skip

"""Rows that must not get worse."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("datasets", "0008_files_together"),
    ]

    operations = [
        migrations.CreateModel(
            "ProtectedExample",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False,
                                           verbose_name="ID")),
                ("key", models.CharField(max_length=200)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("by", models.ForeignKey(
                    settings.AUTH_USER_MODEL, django.db.models.deletion.SET_NULL, null=True,
                    related_name="+")),
                ("dataset", models.ForeignKey(
                    "datasets.dataset", django.db.models.deletion.CASCADE,
                    related_name="protected")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["dataset", "key"], name="protected_once"),
                ],
            },
        ),
    ]  # fmt: skip

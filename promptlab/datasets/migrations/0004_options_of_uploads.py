from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0003_refused_uploads")]

    operations = [
        migrations.AddField(
            "upload", "delimiter", models.CharField(max_length=8, blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField("upload", "quoting", models.BooleanField(default=True)),
        migrations.AddField(
            "upload", "sheet", models.CharField(max_length=255, blank=True, default=""),
            preserve_default=False,
        ),
    ]  # fmt: skip

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0007_digests_of_rows")]

    operations = [
        migrations.AddField("upload", "together", models.BooleanField(default=False)),
        migrations.AddField(
            "upload", "digest", models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
    ]

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0004_options_of_uploads")]

    operations = [
        migrations.AddField("upload", "flatten", models.BooleanField(default=False)),
    ]

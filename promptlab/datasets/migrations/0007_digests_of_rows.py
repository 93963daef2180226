from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0006_versions")]

    operations = [
        migrations.AddField("datasetexample", "digest", models.BinaryField(null=True)),
    ]

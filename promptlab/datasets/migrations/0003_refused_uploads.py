from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def read_anew(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """What was found in files is told in another shape: files that were read wait to be read."""
    apps.get_model("datasets", "Upload").objects.update(found=None)


class Migration(migrations.Migration):
    dependencies = [("datasets", "0002_unread_uploads")]

    operations = [
        migrations.AddField("upload", "refused", models.JSONField(null=True)),
        migrations.RunPython(read_anew, migrations.RunPython.noop),
    ]

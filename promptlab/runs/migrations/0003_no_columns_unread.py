from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("runs", "0002_project_run")]

    operations = [
        migrations.RemoveField("projectrun", "program_revision"),
        migrations.RemoveField("projectrun", "decided_candidate"),
        migrations.RemoveField("projectrun", "decided_at"),
    ]

from django.db import migrations, models

from promptlab.programs.slugs import slug_for


def name_all(apps, schema_editor):
    program = apps.get_model("programs", "Program")
    taken = {}
    for row in program.objects.order_by("pk").only("pk", "project_id", "name"):
        known = taken.setdefault(row.project_id, [])
        row.slug = slug_for(row.name, known)
        known.append(row.slug)
        row.save(update_fields=["slug"])


class Migration(migrations.Migration):

    dependencies = [
        ("programs", "0003_history"),
    ]

    operations = [
        migrations.AddField(
            model_name="program",
            name="slug",
            field=models.CharField(default="", max_length=80),
            preserve_default=False,
        ),
        migrations.RunPython(name_all, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="program",
            constraint=models.UniqueConstraint(fields=("project", "slug"), name="program_slug_once"),
        ),
    ]

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Postgres keeps the names that a table's constraints, indexes and sequences were made with.
RENAME = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT conrelid::regclass AS holder, conname AS name FROM pg_constraint
        WHERE conname LIKE '%launch%' AND connamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', found.holder, found.name,
            left(replace(replace(found.name, 'runs_launch', 'runs_projectrun'), 'launch', 'project_run'), 63));
    END LOOP;
    FOR found IN
        SELECT relname AS name, relkind AS kind FROM pg_class
        WHERE relname LIKE '%launch%' AND relkind IN ('i', 'S') AND relnamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('ALTER %s %I RENAME TO %I', CASE found.kind WHEN 'i' THEN 'INDEX' ELSE 'SEQUENCE' END, found.name,
            left(replace(replace(found.name, 'runs_launch', 'runs_projectrun'), 'launch', 'project_run'), 63));
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    """A run as its project sees it is called what it is; `make run` keeps the word that it had."""

    dependencies = [
        ('runs', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        # Reviews point at the model by its earlier name.
        ('reviews', '0003_versions_never_change'),
    ]

    operations = [
        migrations.RemoveConstraint('launch', 'launch_number_once'),
        migrations.RenameModel('Launch', 'ProjectRun'),
        migrations.AddConstraint(
            'projectrun',
            models.UniqueConstraint(fields=('project', 'number'), name='project_run_number_once'),
        ),
        migrations.AlterField(
            'projectrun',
            'dataset',
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='datasets.dataset'),
        ),
        migrations.AlterField(
            'projectrun',
            'metric',
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='metrics.metric'),
        ),
        migrations.AlterField(
            'projectrun',
            'program',
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='programs.program'),
        ),
        migrations.AlterField(
            'projectrun',
            'project',
            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='accounts.project'),
        ),
        migrations.AlterField(
            'projectrun',
            'run',
            models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='project_run', to='optimizer.run'),
        ),
        migrations.AlterField(
            'projectrun',
            'started_by',
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunSQL(RENAME, migrations.RunSQL.noop),
    ]

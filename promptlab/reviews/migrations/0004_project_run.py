from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0003_versions_never_change'),
        ('runs', '0002_project_run'),
    ]

    operations = [
        migrations.RemoveConstraint('version', 'version_candidate_once'),
        migrations.RenameField('review', 'launch', 'project_run'),
        migrations.RenameField('version', 'launch', 'project_run'),
        migrations.AddConstraint(
            'version',
            models.UniqueConstraint(fields=('project_run', 'candidate'), name='version_candidate_once'),
        ),
    ]

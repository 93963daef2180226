from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('optimizer', '0020_beside_runs'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='runevent',
            index=models.Index(fields=['run', 'kind'], name='events_of_kind'),
        ),
    ]

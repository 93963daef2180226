"""A run that became a version carries that version's own figures."""

from django.db import migrations, models

FILL = """
UPDATE runs_projectrun AS run SET version_scores = jsonb_build_object(
    'candidate', version.source -> 'candidate',
    'score', version.source -> 'scores' -> 'candidate',
    'comparison', version.source -> 'scores' -> 'comparison',
    'expected', version.source -> 'scores' -> 'expected')
FROM (SELECT project_run_id, number, canonical::jsonb -> 'provenance' AS source
      FROM reviews_version) AS version
WHERE version.project_run_id = run.id AND version.number = run.version_number
"""


class Migration(migrations.Migration):
    dependencies = [("runs", "0003_no_columns_unread"), ("reviews", "0005_rolled_back")]

    operations = [
        migrations.AddField("projectrun", "version_scores", models.JSONField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]

"""How many rows each split has stands beside the dataset: lists do not count them each time."""

from __future__ import annotations

from django.db import migrations, models

NONE = """UPDATE datasets_dataset SET splits = '{"train": 0, "validation": 0, "test": 0}'"""
COUNTED = """
UPDATE datasets_dataset AS dataset SET splits = dataset.splits || counted.splits
FROM (
    SELECT dataset_id, jsonb_object_agg(split, n) AS splits
    FROM (
        SELECT dataset_id, split, count(*) AS n FROM datasets_datasetexample
        WHERE until IS NULL GROUP BY dataset_id, split
    ) AS each GROUP BY dataset_id
) AS counted
WHERE counted.dataset_id = dataset.id
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0010_rows_without_a_look_each")]

    operations = [
        migrations.AddField("dataset", "splits", models.JSONField(default=dict)),
        migrations.RunSQL(NONE, migrations.RunSQL.noop),
        migrations.RunSQL(COUNTED, migrations.RunSQL.noop),
    ]

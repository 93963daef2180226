from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A row that belongs to a version is never another one: it can only end.
NEVER_CHANGES = """
CREATE FUNCTION datasets_example_only_ends() RETURNS trigger AS $$
BEGIN
    IF OLD.until IS NOT NULL OR NEW.until IS NULL
        OR (NEW.key, NEW.split, NEW.inputs, NEW.expected, NEW.metadata, NEW.position, NEW.since)
            IS DISTINCT FROM
            (OLD.key, OLD.split, OLD.inputs, OLD.expected, OLD.metadata, OLD.position, OLD.since)
    THEN
        RAISE EXCEPTION 'a row of a dataset''s version never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER example_only_ends BEFORE UPDATE ON datasets_datasetexample
    FOR EACH ROW EXECUTE FUNCTION datasets_example_only_ends();
"""
CHANGES = """
DROP TRIGGER example_only_ends ON datasets_datasetexample;
DROP FUNCTION datasets_example_only_ends();
"""
# What there is becomes the first version.
FIRST_VERSIONS = """
INSERT INTO datasets_datasetversion
    (dataset_id, number, digest, count, added, changed, removed, note, created_by_id, created_at)
SELECT id, 1, digest, count, count, 0, 0, '', created_by_id, created_at FROM datasets_dataset
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("datasets", "0005_flattened_uploads"),
    ]

    operations = [
        migrations.AddField("dataset", "version", models.PositiveIntegerField(default=1)),
        migrations.AddField(
            "dataset", "source_digest", models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.CreateModel(
            "DatasetVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),  # noqa: E501
                ("number", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("count", models.PositiveIntegerField()),
                ("added", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("removed", models.PositiveIntegerField(default=0)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("created_by", models.ForeignKey(
                    null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+",
                    to=settings.AUTH_USER_MODEL,
                )),
                ("dataset", models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE, related_name="versions",
                    to="datasets.dataset",
                )),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dataset", "number"), name="dataset_version_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(FIRST_VERSIONS, migrations.RunSQL.noop),
        migrations.AddField("datasetexample", "metadata", models.JSONField(default=dict)),
        migrations.AddField("datasetexample", "since", models.PositiveIntegerField(default=1)),
        migrations.AddField("datasetexample", "until", models.PositiveIntegerField(null=True)),
        migrations.RemoveConstraint("datasetexample", "example_key_once"),
        migrations.AddConstraint(
            "datasetexample",
            models.UniqueConstraint(
                condition=models.Q(until__isnull=True), fields=("dataset", "key"),
                name="example_key_once",
            ),
        ),
        migrations.AlterField(
            "datasetexample", "dataset",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE,
                related_name="examples", to="datasets.dataset",
            ),
        ),
        migrations.RunSQL(NEVER_CHANGES, CHANGES),
    ]

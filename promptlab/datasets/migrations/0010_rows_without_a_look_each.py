"""A dataset leaves no rows: looked at once when it goes, not at each row that comes."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

LEAVES_NO_ROWS = """
CREATE FUNCTION datasets_dataset_leaves_no_rows() RETURNS trigger AS $$
BEGIN
    IF EXISTS (SELECT FROM datasets_datasetexample WHERE dataset_id = OLD.id) THEN
        RAISE EXCEPTION 'dataset % would leave rows', OLD.id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE CONSTRAINT TRIGGER dataset_leaves_no_rows AFTER DELETE ON datasets_dataset
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION datasets_dataset_leaves_no_rows();
"""
LEAVES_ROWS = """
DROP TRIGGER dataset_leaves_no_rows ON datasets_dataset;
DROP FUNCTION datasets_dataset_leaves_no_rows();
"""
# What readers left on disk is written otherwise now: it is read again when somebody comes back.
READ_AGAIN = "UPDATE datasets_upload SET found = NULL WHERE found IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("datasets", "0009_protected_examples")]

    operations = [
        migrations.AlterField(
            "datasetexample", "dataset",
            models.ForeignKey(
                db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE,
                related_name="examples", to="datasets.dataset",
            ),
        ),
        migrations.RunSQL(LEAVES_NO_ROWS, LEAVES_ROWS),
        migrations.RunSQL(READ_AGAIN, READ_AGAIN),
    ]  # fmt: skip

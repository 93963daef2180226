"""The database itself refuses to change or delete a version."""

from __future__ import annotations

from django.db import migrations

FORBID = """
CREATE FUNCTION promptlab_version_never_changes() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'version % of program % never changes', OLD.number, OLD.program_id
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER version_never_changes BEFORE UPDATE OR DELETE ON reviews_version
    FOR EACH ROW EXECUTE FUNCTION promptlab_version_never_changes();
"""

ALLOW = """
DROP TRIGGER version_never_changes ON reviews_version;
DROP FUNCTION promptlab_version_never_changes();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_initial")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]

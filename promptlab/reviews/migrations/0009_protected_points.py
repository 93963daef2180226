"""That a protected example got worse is a point of its own, which only a reason lets pass: the
database itself refuses a version whose approver gave none.
"""

from __future__ import annotations

from django.db import migrations, models

FORBID = r"""
CREATE FUNCTION promptlab_version_waived_protected() RETURNS trigger AS $$
BEGIN
    IF EXISTS (
        SELECT FROM reviews_point AS point
        WHERE point.packet_id = NEW.packet_id AND point.kind = 'protected' AND NOT EXISTS (
            SELECT FROM reviews_look AS look
            WHERE look.point_id = point.id AND look.by_id = NEW.approved_by_id
                AND look.reason ~ '[[:alnum:]]'
        )
    ) THEN
        RAISE EXCEPTION 'version % of program %: protected examples got worse, without a reason',
            NEW.number, NEW.program_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER version_waived_protected BEFORE INSERT ON reviews_version
    FOR EACH ROW EXECUTE FUNCTION promptlab_version_waived_protected();
"""

ALLOW = """
DROP TRIGGER version_waived_protected ON reviews_version;
DROP FUNCTION promptlab_version_waived_protected();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0008_labels_of_models")]

    operations = [
        migrations.AlterField(
            "point",
            "kind",
            models.CharField(
                choices=[
                    ("module", "Changed module"),
                    ("regression", "Regression"),
                    ("protected", "Protected example that got worse"),
                ],
                max_length=12,
            ),
        ),
        migrations.RunSQL(FORBID, ALLOW),
    ]

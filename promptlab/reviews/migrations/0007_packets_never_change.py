"""The database itself refuses to change a packet, and a version that does not stand on one whose
points its approver looked at, or that goes against the run without a reason.
"""

from __future__ import annotations

from django.db import migrations

FORBID = r"""
CREATE FUNCTION promptlab_packet_never_changes() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'packet % of candidate % never changes', OLD.number, OLD.candidate_id
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER packet_never_changes BEFORE UPDATE OR DELETE ON reviews_packet
    FOR EACH ROW EXECUTE FUNCTION promptlab_packet_never_changes();

CREATE FUNCTION promptlab_version_was_looked_at() RETURNS trigger AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM reviews_packet AS packet
        WHERE packet.id = NEW.packet_id AND packet.candidate_id = NEW.candidate_id
    ) THEN
        RAISE EXCEPTION 'version % of program % stands on no packet of its candidate',
            NEW.number, NEW.program_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (
        SELECT FROM reviews_point AS point
        WHERE point.packet_id = NEW.packet_id AND NOT EXISTS (
            SELECT FROM reviews_look AS look
            WHERE look.point_id = point.id AND look.by_id = NEW.approved_by_id
        )
    ) THEN
        RAISE EXCEPTION 'version % of program %: its approver did not look at all of packet %',
            NEW.number, NEW.program_id, NEW.packet_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.note !~ '[[:alnum:]]' AND EXISTS (
        SELECT FROM reviews_packet AS packet
        WHERE packet.id = NEW.packet_id AND (packet.canonical::jsonb ->> 'against')::boolean
    ) THEN
        RAISE EXCEPTION 'version % of program % goes against its run without a reason',
            NEW.number, NEW.program_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER version_was_looked_at BEFORE INSERT ON reviews_version
    FOR EACH ROW EXECUTE FUNCTION promptlab_version_was_looked_at();
"""

ALLOW = """
DROP TRIGGER version_was_looked_at ON reviews_version;
DROP FUNCTION promptlab_version_was_looked_at();
DROP TRIGGER packet_never_changes ON reviews_packet;
DROP FUNCTION promptlab_packet_never_changes();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0006_packets")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]

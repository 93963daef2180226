"""An approval as people come to one: what was sent to review is looked at, and then approved."""

from __future__ import annotations

from optimizer.models import Candidate
from promptlab.accounts.models import User
from promptlab.reviews import packets, services
from promptlab.reviews.models import Packet, Version
from promptlab.runs.models import ProjectRun


def see_all(packet: Packet, by: User, reason: str = "Seen, and fine.") -> None:
    for point in packet.points.all():
        packets.look(packet, point.kind, point.name, by)
    packets.waive(packet, by, reason)


def approve(
    project_run: ProjectRun, candidate: Candidate, by: User, note: str = "", seen: int | None = None
) -> Version:
    """It is sent first where nobody did."""
    packet = packets.newest(project_run, candidate)
    if packet is None:
        packet = packets.send(project_run, candidate, by, note)
    see_all(packet, by)
    return services.approve(project_run, candidate, by, note, seen, packet.number)

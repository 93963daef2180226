"""Packets: what is sent to review, what was looked at in it, and what is said of its lines."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from ninja import Path, Query, Router, Status

from optimizer.core.problems import Conflict, Refused
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.packets import (
    CommentIn,
    CommentOut,
    LookIn,
    PacketDetail,
    PacketIn,
    PacketOut,
    WaiverIn,
)
from promptlab.api.tokens import caller, project_of
from promptlab.reviews import packets, queries
from promptlab.reviews.models import Packet

router = Router(tags=["reviews"])


@router.get("", response=Page[PacketOut], summary="List what was sent to review, newest first")
def list_packets(
    request: HttpRequest,
    project: Path[str],
    number: Path[int],
    candidate: Path[int],
    window: Query[Window],
) -> Any:
    project_run, row = queries.candidate_of(project_of(request, project), number, candidate)
    return window.of(_whole(project_run.packets.filter(candidate=row)))


@router.post("", response={201: PacketOut}, summary="Send a candidate to review")
def send_to_review(
    request: HttpRequest,
    project: Path[str],
    number: Path[int],
    candidate: Path[int],
    wish: PacketIn,
) -> Status[Any]:
    """Its evidence is frozen as it is now."""
    found = project_of(request, project, Role.EDITOR)
    project_run, row = queries.candidate_of(found, number, candidate)
    asked = _member(packets.may_be_asked(project_run), wish.asked)
    made = packets.send(project_run, row, caller(request), wish.note, asked)
    return Status(201, made)


@router.get("/latest", response=PacketDetail, summary="Read the evidence that is decided on")
def get_packet(
    request: HttpRequest, project: Path[str], number: Path[int], candidate: Path[int]
) -> Any:
    return _packet(request, project, number, candidate, Role.VIEWER)


@router.post("/latest/looks", response=PacketOut, summary="Say that you looked at a point")
def look_at_point(
    request: HttpRequest,
    project: Path[str],
    number: Path[int],
    candidate: Path[int],
    wish: LookIn,
) -> Any:
    """Approving takes that you looked at every changed module and every example that got worse."""
    packet = _packet(request, project, number, candidate, Role.REVIEWER)
    if not packets.look(packet, wish.kind, wish.name, caller(request)):
        raise Conflict.because("review.no_point", "name", name=wish.name)
    return _again(packet)


@router.post("/latest/waiver", response=PacketOut, summary="Let regressions pass with a reason")
def waive_regressions(
    request: HttpRequest,
    project: Path[str],
    number: Path[int],
    candidate: Path[int],
    wish: WaiverIn,
) -> Any:
    """Those that you did not look at, and all protected examples that got worse."""
    packet = _packet(request, project, number, candidate, Role.REVIEWER)
    packets.waive(packet, caller(request), wish.reason)
    return _again(packet)


@router.get("/latest/comments", response=Page[CommentOut], summary="List what is said of lines")
def list_comments(
    request: HttpRequest,
    project: Path[str],
    number: Path[int],
    candidate: Path[int],
    window: Query[Window],
) -> Any:
    packet = _packet(request, project, number, candidate, Role.VIEWER)
    return window.of(packet.comments.select_related("by"))


@router.post("/latest/comments", response={201: CommentOut}, summary="Comment on a line")
def comment_on_line(
    request: HttpRequest,
    project: Path[str],
    number: Path[int],
    candidate: Path[int],
    wish: CommentIn,
) -> Status[Any]:
    packet = _packet(request, project, number, candidate, Role.EDITOR)
    return Status(201, packets.comment(packet, wish.module, wish.line, wish.text, caller(request)))


def _whole(rows: QuerySet[Packet]) -> QuerySet[Packet]:
    return (
        rows.select_related("sent_by", "asked").prefetch_related("points__looks__by")
    ).defer("canonical")  # fmt: skip


def _packet(request: HttpRequest, project: str, number: int, candidate: int, role: Role) -> Packet:
    project_run, row = queries.candidate_of(project_of(request, project, role), number, candidate)
    packet = packets.newest(project_run, row)
    if packet is None:
        raise Http404("Nothing was sent to review yet.")
    return packet


def _again(packet: Packet) -> Packet:
    return _whole(Packet.objects.all()).get(pk=packet.pk)


def _member(people: list[User], address: str | None) -> User | None:
    """
    Raises:
        Refused: nobody of this address may decide.
    """
    if address is None:
        return None
    found = next((person for person in people if person.email == address.lower()), None)
    if found is None:
        raise Refused.because("review.cannot_be_asked", "asked", who=address)
    return found

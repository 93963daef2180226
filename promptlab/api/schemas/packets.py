"""Shapes of packets of evidence, of what is looked at in them, and of comments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field as Bounds

from promptlab.api.schemas.base import Body, Text, example
from promptlab.api.schemas.reviews import Note
from promptlab.releases.models import PublicPage
from promptlab.reviews.models import Comment, Packet, Point

Named = Annotated[Text, Bounds(max_length=200)]


class PacketIn(Body):
    """`asked`: the address of who shall decide, null for any reviewer; the note is needed where
    changes were requested, which it answers.
    """

    model_config = example({"note": "Shorter demos now.", "asked": "bob@example.org"})

    note: Note = ""
    asked: Named | None = None


class LookIn(Body):
    """A changed module, by its name, or an example that got worse, by its id."""

    model_config = example({"kind": "module", "name": "classify"})

    kind: Literal["module", "regression"]
    name: Named


class WaiverIn(Body):
    model_config = example({"reason": "Its label was wrong."})

    reason: Note


class CommentIn(Body):
    """Members who are named after an @ are told. `line` counts from 1."""

    model_config = example({"module": "classify", "line": 2, "text": "@bob Is this needed?"})

    module: Named
    line: int
    text: Note


class PointOut(Schema):
    """`kind`: a changed “module”, a “regression”, or a “protected” example that got worse, which
    only a reason lets pass. `looked_at`: by whom; with a reason, they let it pass without.
    """

    kind: str
    name: str
    looked_at: dict[str, str]

    @staticmethod
    def resolve_looked_at(point: Point) -> dict[str, str]:
        return {look.by.email: look.reason for look in point.looks.all()}


class PacketOut(Schema):
    """`sha256` is that of the UTF-8 bytes of its canonical JSON; `answers`: the id of a review."""

    number: int
    sha256: str
    note: str
    sent_by: str
    asked: str | None
    answers: int | None
    at: datetime
    points: list[PointOut]

    @staticmethod
    def resolve_sent_by(packet: Packet) -> str:
        return packet.sent_by.email

    @staticmethod
    def resolve_asked(packet: Packet) -> str | None:
        return packet.asked.email if packet.asked else None

    @staticmethod
    def resolve_answers(packet: Packet) -> int | None:
        return packet.answers_id

    @staticmethod
    def resolve_points(packet: Packet) -> list[Point]:
        return list(packet.points.all())


class PacketDetail(PacketOut):
    """`evidence` is the canonical JSON."""

    evidence: dict[str, Any]

    @staticmethod
    def resolve_evidence(packet: Packet) -> dict[str, Any]:
        return packet.data


class CommentOut(Schema):
    module: str
    line: int
    text: str
    by: str
    at: datetime

    @staticmethod
    def resolve_by(comment: Comment) -> str:
        return comment.by.email


class PublicPageIn(Body):
    """What people outside see besides the figures; demos only with the prompts they stand in."""

    model_config = example({"prompts": True, "demos": False})

    prompts: bool = True
    demos: bool = False


class PublicPageOut(Schema):
    """`path`: where whoever has it reads the page."""

    path: str
    prompts: bool
    demos: bool
    opened_by: str
    opened_at: datetime

    @staticmethod
    def resolve_path(page: PublicPage) -> str:
        return f"/released/{page.key}/"

    @staticmethod
    def resolve_prompts(page: PublicPage) -> bool:
        return page.shows_prompts

    @staticmethod
    def resolve_demos(page: PublicPage) -> bool:
        return page.shows_demos

    @staticmethod
    def resolve_opened_by(page: PublicPage) -> str:
        return page.opened_by.email

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field as Bounds

from promptlab.api.schemas.base import Body, Text, example
from promptlab.api.schemas.runs import Named
from promptlab.programs.models import Program
from promptlab.releases.parity import Parity
from promptlab.reviews.models import LabelMove, Review, Version
from promptlab.reviews.rules import MOST_NOTE

Note = Annotated[Text, Bounds(max_length=MOST_NOTE)]


class ReviewIn(Body):
    """A note is needed to reject or to request changes, and to approve where the run recommends
    to keep the original prompt.

    `packet` is the number of the packet that you looked at, which has to be the one that was sent
    last; an approval needs it. `seen` is the id of the newest review that you have read (0 for
    none): when there is a newer one, nothing is decided. Left out, this is not looked at.
    """

    model_config = example({"decision": "approve", "packet": 1, "note": "Fine as it stands."})

    decision: Literal["approve", "request_changes", "reject"]
    packet: int | None = None
    note: Note = ""
    seen: int | None = None


class ReviewOut(Schema):
    id: int
    decision: str
    note: str
    by: str
    at: datetime

    @staticmethod
    def resolve_by(review: Review) -> str:
        return review.by.email


class VersionOut(Schema):
    """An immutable version; `sha256` is that of the UTF-8 bytes of its canonical JSON."""

    program: Named
    number: int
    sha256: str
    run: int
    candidate: int
    approved_by: str
    note: str
    created_at: datetime
    labels: list[str]

    @staticmethod
    def resolve_program(version: Version) -> Named:
        return Named(id=version.program_id, name=version.program.name)

    @staticmethod
    def resolve_run(version: Version) -> int:
        return version.project_run.number

    @staticmethod
    def resolve_candidate(version: Version) -> int:
        return version.candidate.number

    @staticmethod
    def resolve_approved_by(version: Version) -> str:
        return version.approved_by.email

    @staticmethod
    def resolve_labels(version: Version) -> list[str]:
        return [label.name for label in version.labels.all()]


class VersionDetail(VersionOut):
    """`content` is the canonical JSON: the program with its prompts, and where they came from."""

    content: dict[str, Any]

    @staticmethod
    def resolve_content(version: Version) -> dict[str, Any]:
        return version.data


class Decided(Schema):
    """The review, and the version that an approval made."""

    review: ReviewOut
    version: VersionOut | None


class DifferenceOut(Schema):
    """What was otherwise on a row: `messages`, `answer` or `error`."""

    example: str
    what: str
    told: str


class CheckedOut(Schema):
    """A file on the rows; `score` is the mean of its answers' scores, 0–1."""

    format: str
    same_messages: int
    same_answers: int | None
    score: float | None
    differences: list[DifferenceOut]


class ParityOut(Schema):
    """`scored` is the mean of what was scored on these `rows`; no files where they need code."""

    rows: int
    scored: float
    files: list[CheckedOut]

    @classmethod
    def of(cls, parity: Parity) -> ParityOut:
        files = [CheckedOut.from_orm(file) for file in parity.files]
        return cls(rows=parity.n, scored=parity.scored, files=files)


class PromptOut(Schema):
    """A program that has versions, by the name that they are fetched by. `labels`: the number of
    the version that each points at.
    """

    name: str
    project: str
    program: Named
    labels: dict[str, int]

    @staticmethod
    def resolve_name(row: Program) -> str:
        return row.slug

    @staticmethod
    def resolve_project(row: Program) -> str:
        return row.project.slug

    @staticmethod
    def resolve_program(row: Program) -> Named:
        return Named(id=row.pk, name=row.name)

    @staticmethod
    def resolve_labels(row: Program) -> dict[str, int]:
        return {label.name: label.version.number for label in row.labels.all()}


class LabelOut(Schema):
    """Where a label points (a version's number), and where rolling back would take it."""

    name: str
    version: int | None
    previous: int | None
    moves_by_hand: bool


class LabelMoveOut(Schema):
    """One move of a label: from the version `replaced` (null: from none) to `version` (null: it was
    removed). `back`: it was rolled back.
    """

    label: str
    version: int | None
    replaced: int | None
    back: bool
    by: str
    at: datetime

    @staticmethod
    def resolve_version(move: LabelMove) -> int | None:
        return move.version.number if move.version else None

    @staticmethod
    def resolve_replaced(move: LabelMove) -> int | None:
        return move.replaced.number if move.replaced else None

    @staticmethod
    def resolve_by(move: LabelMove) -> str:
        return move.by.email


class LabelIn(Body):
    """`replacing` is the version you saw the label at (null for none).

    When it points elsewhere by now, nothing is moved. Left out, this is not looked at.
    """

    model_config = example({"version": 2, "replacing": 1})

    version: int
    replacing: int | None = None


class RollBackIn(Body):
    """`replacing` as when a label is moved."""

    model_config = example({"replacing": 2})

    replacing: int | None = None

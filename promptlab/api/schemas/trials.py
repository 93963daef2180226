from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema

from optimizer.models import Run, RunEvent, Trial
from promptlab.api.schemas.base import Score, dollars


class EventOut(Schema):
    """One announcement. `data` depends on `kind`: phase_started, trial_started, full_scored, …"""

    seq: int
    kind: str
    at: datetime
    data: dict[str, Any]


class Events(Schema):
    """Events after the one that was asked for; ask again after the last of them.

    Nothing more comes when `ended` is true and `items` is empty.
    """

    items: list[EventOut]
    ended: bool

    @classmethod
    def of(cls, run: Run, rows: list[RunEvent]) -> Events:
        items = [EventOut(seq=e.seq, kind=e.kind, at=e.at, data=e.data) for e in rows]
        return cls(items=items, ended=run.ended)


class TrialOut(Schema):
    """One evaluation, “full” or “minibatch”; the two kinds of scores are never to be compared.

    Trial 0 is the baseline. `choice` names each module's instruction and demo set.
    """

    number: int
    kind: str
    candidate: int
    choice: dict[str, int]
    size: int
    score: Score | None
    tokens: int
    dollars: float
    seconds: float
    started_at: datetime
    scored_at: datetime | None

    @staticmethod
    def resolve_kind(trial: Trial) -> str:
        return "full" if trial.full else "minibatch"

    @staticmethod
    def resolve_candidate(trial: Trial) -> int:
        return trial.candidate.number

    @staticmethod
    def resolve_dollars(trial: Trial) -> float:
        return dollars(trial.cost)

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema

from optimizer.codec import from_json
from optimizer.core.conversation.events import Noted, ProposalRefused
from optimizer.models import Run, RunEvent, Trial
from optimizer.sentences import sentence
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
        items = [EventOut(seq=e.seq, kind=e.kind, at=e.at, data=_told(e)) for e in rows]
        return cls(items=items, ended=run.ended)


def _told(event: RunEvent) -> dict[str, Any]:
    """The data of an announcement, what it says as a sentence."""
    data: dict[str, Any] = event.data
    if event.kind == "noted":
        return data | {"message": sentence(from_json(Noted, data).message)}
    if event.kind == "proposal_refused":
        return data | {"reason": sentence(from_json(ProposalRefused, data).reason)}
    return data


class TrialOut(Schema):
    """One evaluation, “full” or “minibatch”; the two kinds of scores are never to be compared.

    Trial 0 is the baseline. `choice` names each module's instruction and demo set. `asked_again`:
    examples whose calls failed in passing (a server's failure, no connection, no reply in time) and
    that were run once more before the score counted, `answered_again` of them with success.
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
    asked_again: int
    answered_again: int
    started_at: datetime
    scored_at: datetime | None

    @staticmethod
    def resolve_kind(trial: Trial) -> str:
        return "full" if trial.full else "minibatch"

    @staticmethod
    def resolve_candidate(trial: Trial) -> int:
        return trial.candidate.number

    @staticmethod
    def resolve_asked_again(trial: Trial) -> int:
        return trial.exchange.asked_again if trial.exchange else 0

    @staticmethod
    def resolve_answered_again(trial: Trial) -> int:
        return trial.exchange.answered_again if trial.exchange else 0

    @staticmethod
    def resolve_dollars(trial: Trial) -> float:
        return dollars(trial.cost)

"""Rewritings as the API says them."""

from __future__ import annotations

from ninja import Schema

from promptlab.api.schemas.base import Body, example
from promptlab.runs.library.views import ShownCard


class RewriteOut(Schema):
    """`gain` is a mean difference of scores in 0–1 on `n` examples, with its 95 % interval.

    `effect` is what showing it brought to later `runs`, with its standard deviation. One that
    `leaves` is shown no more, as it stopped helping. `own`: it is of this project.
    """

    id: int
    own: bool
    run: int | None
    candidate: int | None
    module: str
    task_kind: str
    model: str
    before: str
    after: str
    gain: float
    low: float
    high: float
    n: int
    shared: bool
    runs: int
    effect: float
    deviation: float
    leaves: bool

    @classmethod
    def of(cls, one: ShownCard) -> RewriteOut:
        card, standing = one.card, one.standing
        return cls(
            id=card.pk, own=one.own,
            run=card.project_run.number if one.own else None,
            candidate=card.candidate if one.own else None,
            module=card.module, task_kind=card.task_kind, model=card.model,
            before=card.before, after=card.after, gain=card.gain, low=card.low, high=card.high,
            n=card.n, shared=card.shared, runs=standing.runs, effect=standing.effect,
            deviation=standing.deviation, leaves=standing.leaves,
        )  # fmt: skip


class ShareIn(Body):
    """`shared`: all projects of the installation may be shown it."""

    model_config = example({"shared": True})

    shared: bool

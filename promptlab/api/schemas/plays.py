"""Prompts side by side on a few rows: what is asked, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field as Bounds

from promptlab.api.schemas.base import MICRO, Body, Text, example
from promptlab.api.schemas.candidates import MessageOut
from promptlab.api.schemas.evaluations import ModuleEdit
from promptlab.api.schemas.run_requests import ModelIn
from promptlab.programs.tryouts import ShownTryout
from promptlab.runs.playing.page import PlayedColumn, PlayedRow, PlayPage
from promptlab.runs.playing.services import Plan


class PlayColumnIn(Body):
    """A `program` as it stands, or a `candidate`: “12.4” is candidate 4 of run 12; with what is to
    be otherwise in its `modules`. `model`: left out, the one that it was scored with last.
    """

    program: int | None = None
    candidate: Text | None = None
    model: ModelIn | None = None
    modules: dict[Text, ModuleEdit] = {}


class PlayRowIn(Body):
    """A row of a `dataset` by its `id`, or `inputs` with what is `expected`, where that is known:
    by the columns that the metric compares with.
    """

    dataset: int | None = None
    id: Text | None = None
    inputs: dict[Text, Any] | None = None
    expected: dict[Text, Any] = {}


class PlayIn(Body):
    """One to four columns, each tried on one to eight rows. `dollars` is the cap of all together;
    left out, it follows what they take.
    """

    model_config = example(
        {
            "columns": [{"program": 3}, {"candidate": "12.4"}],
            "rows": [{"inputs": {"message": "Where is my order?"}}],
        }
    )

    columns: list[PlayColumnIn]
    rows: list[PlayRowIn]
    metric: int | None = None
    dollars: Annotated[float, Bounds(allow_inf_nan=False)] | None = None


class PlayEstimateOut(Schema):
    """New `calls` and `dollars` at most, null where a price is not known; `cap`: what is not passed
    in any case.
    """

    calls: int
    dollars: float | None
    cap: float | None

    @classmethod
    def of(cls, plan: Plan) -> PlayEstimateOut:
        dollars = None if plan.cost is None else plan.cost / MICRO
        cap = None if plan.ceiling is None else plan.ceiling / MICRO
        return cls(calls=plan.calls, dollars=dollars, cap=cap)


class PlayedCallOut(Schema):
    """One call to a model: what was said, and the reply as it came."""

    call: str
    messages: list[MessageOut]
    reply: str


class AnswerOut(Schema):
    """What a column made of a row. `state`: waiting, done, or failed with a `problem`; `score` is
    null where nothing was scored.
    """

    row: str
    state: str
    outputs: dict[str, Any]
    score: float | None
    reason: str
    problem: str
    dollars: float
    seconds: float
    calls: list[PlayedCallOut]

    @classmethod
    def of(cls, row: str, shown: ShownTryout) -> AnswerOut:
        return cls(
            row=row, state=shown.state, outputs={o.name: o.value for o in shown.outputs},
            score=shown.score.value if shown.score else None,
            reason=shown.score.reason if shown.score else "",
            problem=shown.problem or shown.unread,
            dollars=shown.cost / MICRO, seconds=shown.seconds,
            calls=[
                PlayedCallOut(
                    call=call.name, reply=call.reply,
                    messages=[MessageOut(role=m.role, content=m.content) for m in call.messages],
                )
                for call in shown.calls
                if call.messages
            ],
        )  # fmt: skip


class PlayedColumnOut(Schema):
    """`score` is the mean of those of its answers that were scored, `seconds` of all."""

    name: str
    model: str
    edited: bool
    score: float | None
    dollars: float
    seconds: float | None
    answers: list[AnswerOut]

    @classmethod
    def of(cls, column: PlayedColumn, rows: list[PlayedRow]) -> PlayedColumnOut:
        return cls(
            name=column.name, model=column.model, edited=column.edited, score=column.score,
            dollars=column.cost / MICRO, seconds=column.seconds,
            answers=[AnswerOut.of(r.name, column.shown[r.name][0]) for r in rows],
        )  # fmt: skip


class PlayOut(Schema):
    """`waits`: whether answers may still come."""

    id: int
    by: str
    at: datetime
    waits: bool
    rows: list[str]
    columns: list[PlayedColumnOut]

    @classmethod
    def of(cls, page: PlayPage) -> PlayOut:
        play = page.play
        return cls(
            id=play.pk, by=play.by.email, at=play.at, waits=page.goes_on, rows=play.rows,
            columns=[PlayedColumnOut.of(column, page.rows) for column in page.columns],
        )  # fmt: skip

"""The playground: prompts side by side on a handful of rows."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Path, Router, Status

from optimizer.core.problems import Refused, problem
from optimizer.core.programs.signature import written
from optimizer.core.programs.storable import is_storable
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.api.form_adapter import posted
from promptlab.api.prompt_edits import fields_of
from promptlab.api.run_requests import IdempotencyKey, made_once
from promptlab.api.schemas.plays import PlayColumnIn, PlayEstimateOut, PlayIn, PlayOut, PlayRowIn
from promptlab.api.tokens import BearerToken, caller, project_of
from promptlab.runs.models import Play
from promptlab.runs.playing import services, typed
from promptlab.runs.playing.bases import Base, base_of
from promptlab.runs.playing.forms import PlayForm, row_named
from promptlab.runs.playing.page import PlayPage, play_of

router = Router(tags=["playground"])


@router.post(
    "/estimate",
    response=PlayEstimateOut,
    auth=BearerToken(writes=False),
    summary="Estimate a play: nothing is asked or spent",
)
def estimate_play(request: HttpRequest, project: Path[str], wish: PlayIn) -> PlayEstimateOut:
    found = project_of(request, project, Role.EDITOR)
    return PlayEstimateOut.of(services.plan_of(_form(found, wish)))


@router.post("", response={201: PlayOut}, summary="Play prompts side by side on a few rows")
def start_play(
    request: HttpRequest, project: Path[str], wish: PlayIn, key: IdempotencyKey = ""
) -> Status[PlayOut]:
    """Each column is tried on every row. Rows that say what the metric compares with are scored,
    the others are answered. Ask for it by its `id` until it waits no longer. Sent again with the
    same `Idempotency-Key`, it is answered with the play that it started.
    """
    found = project_of(request, project, Role.EDITOR)
    form = _form(found, wish)

    def start() -> int:
        return services.start(found, caller(request), services.plan_of(form), form.state).pk

    return Status(201, PlayOut.of(PlayPage(_play(found, made_once(request, key, start)))))


@router.get("/{int:play}", response=PlayOut, summary="Read what came of a play")
def get_play(request: HttpRequest, project: Path[str], play: int) -> PlayOut:
    return PlayOut.of(PlayPage(_play(project_of(request, project), play)))


@router.post("/{int:play}/stop", response=PlayOut, summary="Stop a play")
def stop_play(request: HttpRequest, project: Path[str], play: int) -> PlayOut:
    """Nothing more is sent; what was sent already is waited for."""
    found = project_of(request, project, Role.EDITOR)
    services.stop(_play(found, play))
    return PlayOut.of(PlayPage(_play(found, play)))


def _play(project: Project, pk: int) -> Play:
    row = play_of(project, pk)
    if row is None:
        raise Http404("There is no such play in this project.")
    return row


def _form(project: Project, wish: PlayIn) -> PlayForm:
    """What is wished as the page's form.

    Raises:
        Refused: with everything that is wrong.
    """
    if len(wish.columns) > typed.MOST_COLUMNS or len(wish.rows) > typed.MOST_ROWS:
        most = {"columns": typed.MOST_COLUMNS, "rows": typed.MOST_ROWS}
        raise Refused.because("play.most", "columns", **most)
    bases = [_base(project, n, column) for n, column in enumerate(wish.columns)]
    known = {field.name for base in bases for field in base.program.inputs}
    state = posted(_said(project, wish, bases, known))
    form = PlayForm(project, state)
    if not form.is_valid():
        raise Refused(
            *(
                problem("form", "", told=f"{label}: {told}" if label else told)
                for _id, label, told in form.faults
            )
        )
    return form


def _said(project: Project, wish: PlayIn, bases: list[Base], known: set[str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "columns": len(wish.columns), "rows": len(wish.rows), "metric": wish.metric,
        "max_cost": None if wish.dollars is None else f"{wish.dollars:.6f}",
    }  # fmt: skip
    for n, (column, base) in enumerate(zip(wish.columns, bases, strict=True)):
        prompts = fields_of(base.program, base.before, column.modules)
        values |= {f"c{n}-{name}": told for name, told in prompts.items()}
        values |= {f"c{n}-what": base.value, f"c{n}-shown": base.value}
        if column.model is not None:
            values[f"c{n}-model"] = column.model.value
    for n, row in enumerate(wish.rows):
        values |= {f"r{n}-{name}": told for name, told in _row(project, n, row, known).items()}
    return values


def _base(project: Project, n: int, column: PlayColumnIn) -> Base:
    place = f"columns.{n}"
    if (column.program is None) is (column.candidate is None):
        raise Refused.because("play.one_base", place)
    what = f"p{column.program}" if column.candidate is None else column.candidate
    base = base_of(project, what)
    if base is None:
        raise Refused.because("play.no_base", place, what=what.removeprefix("p"))
    return base


def _row(project: Project, n: int, row: PlayRowIn, known: set[str]) -> dict[str, str]:
    place, named = f"rows.{n}", row.dataset is not None and row.id is not None
    if named is (row.inputs is not None):
        raise Refused.because("play.one_row", place)
    if row.inputs is None:
        key = f"{row.dataset}:{row.id}"
        if row_named(project, key) is None:
            raise Refused.because("play.no_row", place, id=row.id)
        return {"key": key}
    odd = [name for name in row.inputs if name not in known]
    if known and odd:
        raise Refused.because("play.no_input", place, name=odd[0], known=tuple(sorted(known)))
    values = {f"in-{name}": written(value) for name, value in row.inputs.items()}
    values |= {f"want-{name}": written(value) for name, value in row.expected.items()}
    unfit = [name for name, told in values.items() if not is_storable(told)]
    if unfit:
        raise Refused.because("play.unstorable", place, name=unfit[0].partition("-")[2])
    return {"key": "", **values}

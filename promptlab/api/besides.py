"""Candidates scored beside those of their run: fully, on the sealed test, edited by hand."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Router, Status

from optimizer.core.problems import problem, refuse
from optimizer.core.programs.demo import NearestDemos
from optimizer.models import Candidate
from optimizer.running.prompts import prompts_of
from promptlab.accounts.roles import Role
from promptlab.api.form_adapter import check, posted
from promptlab.api.runs import shown_run
from promptlab.api.schemas.evaluations import EditIn, ModuleEdit
from promptlab.api.schemas.runs import RunDetail
from promptlab.api.tokens import caller, project_of
from promptlab.reviews.queries import candidate_of
from promptlab.runs import queries
from promptlab.runs.evaluating import beside
from promptlab.runs.evaluating.editing import EditForm

router = Router(tags=["evaluations"])


@router.post(
    "/{int:candidate}/score", response={201: RunDetail}, summary="Score it on every example"
)
def score_candidate(
    request: HttpRequest, project: Path[str], number: Path[int], candidate: int,
    test: bool = False,
) -> Status[RunDetail]:  # fmt: skip
    """Once its run has ended. With `test`, on the sealed test split, too: a look that counts."""
    found = project_of(request, project, Role.EDITOR)
    project_run, row = candidate_of(found, number, candidate)
    asked = beside.look(project_run, prompts_of(row), test)
    made = beside.start(project_run, caller(request), asked, row.number)
    return Status(201, shown_run(request, found, made.number))


@router.post(
    "/{int:candidate}/edit",
    response={201: RunDetail},
    summary="Edit it, and score that",
)
def edit_candidate(
    request: HttpRequest, project: Path[str], number: Path[int], candidate: int, wish: EditIn
) -> Status[RunDetail]:
    """What comes of it is a candidate of the same run as soon as it is scored."""
    found = project_of(request, project, Role.EDITOR)
    project_run, row = candidate_of(found, number, candidate)
    program = queries.spec_of(project_run.run).program
    form = EditForm(program, prompts_of(row), posted(_fields(row, wish)))
    check(form)
    asked = beside.look(project_run, form.candidate)
    made = beside.start(project_run, caller(request), asked, row.number, edited=True)
    return Status(201, shown_run(request, found, made.number))


def _fields(row: Candidate, wish: EditIn) -> dict[str, Any]:
    """What is wished, as the fields of the page's form.

    Raises:
        Refused: it names a module or a demo that is not there.
    """
    before = prompts_of(row).modules
    refuse(
        problem("edit.no_module", f"modules.{name}", module=name, modules=tuple(before))
        for name in wish.modules
        if name not in before
    )
    values: dict[str, Any] = {}
    for name, prompt in before.items():
        edit = wish.modules.get(name, ModuleEdit())
        values[f"instruction:{name}"] = (
            prompt.instruction if edit.instruction is None else edit.instruction
        )
        count = 0 if isinstance(prompt.demos, NearestDemos) else len(prompt.demos)
        places = list(range(1, count + 1)) if edit.demos is None else edit.demos
        refuse(
            problem("edit.no_demo", f"modules.{name}.demos", n=place, count=count)
            for place in places
            if not 1 <= place <= count
        )
        for order, place in enumerate(dict.fromkeys(places), 1):
            values |= {f"keep:{name}:{place - 1}": "on", f"place:{name}:{place - 1}": order}
    return values

"""Candidates scored beside those of their run: fully, on the sealed test, edited by hand."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Router, Status

from optimizer.core.problems import Refused, problem, refuse
from optimizer.core.programs.demo import Demo, FixedDemos, fixed_of
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, written
from optimizer.models import Candidate
from optimizer.running.prompts import prompts_of
from promptlab.accounts.roles import Role
from promptlab.api.form_adapter import posted
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
    form = EditForm(program, prompts_of(row), posted(_fields(program, row, wish)))
    if not form.is_valid():
        raise Refused(*(problem("form", "modules", told=told) for _id, _label, told in form.faults))
    asked = beside.look(project_run, form.candidate)
    made = beside.start(project_run, caller(request), asked, row.number, edited=True)
    return Status(201, shown_run(request, found, made.number))


def _fields(program: Program, row: Candidate, wish: EditIn) -> dict[str, Any]:
    """What is wished, as the fields of the page's form.

    Raises:
        Refused: it names a module, a demo or a field that is not there.
    """
    before = prompts_of(row).modules
    refuse(
        problem("edit.no_module", f"modules.{name}", module=name, modules=tuple(before))
        for name in wish.modules
        if name not in before
    )
    values: dict[str, Any] = {}
    for module in program.modules:
        name, prompt = module.name, before[module.name]
        edit = wish.modules.get(name, ModuleEdit())
        values[f"instruction:{name}"] = (
            prompt.instruction if edit.instruction is None else edit.instruction
        )
        rows = _rows(module, fixed_of(prompt.demos), edit)
        values[f"demos-{name}-count"] = len(rows)
        for at, cells in enumerate(rows):
            values |= {f"demos-{name}-{at}-{field}": told for field, told in cells.items()}
    return values


def _rows(module: Module, before: FixedDemos, edit: ModuleEdit) -> list[dict[str, str]]:
    """The demos as rows of the form: those of before by their places, others by their values."""
    place, names = f"modules.{module.name}.demos", {f.name for f in _shown(module)}
    wished = range(1, len(before) + 1) if edit.demos is None else edit.demos
    refuse(
        problem("edit.no_demo", place, n=one, count=len(before))
        for one in wished
        if isinstance(one, int) and not 1 <= one <= len(before)
    )
    fresh = [one for one in wished if not isinstance(one, int)]
    refuse(
        problem("demo.no_such_field", place, name=name)
        for one in fresh
        for name in one
        if name not in names
    )
    refuse(problem("demo.no_output", place) for one in fresh if not any(map(written, one.values())))
    demos = [before[one - 1] if isinstance(one, int) else Demo(one) for one in wished]
    return [
        {n: written(v) for n, v in demo.values.items() if n in names}
        | {"augmented": "on" if demo.augmented else ""}
        for demo in demos
    ]


def _shown(module: Module) -> tuple[Field, ...]:
    return (*module.signature.inputs, *module.shown_fields)

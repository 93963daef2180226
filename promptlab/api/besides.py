"""Candidates scored beside those of their run: fully, on the sealed test, edited by hand."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Path, Router, Status

from optimizer.core.problems import Refused, problem
from optimizer.running.prompts import prompts_of
from promptlab.accounts.roles import Role
from promptlab.api.form_adapter import posted
from promptlab.api.prompt_edits import fields_of
from promptlab.api.run_requests import IdempotencyKey, started_once
from promptlab.api.runs import shown_run
from promptlab.api.schemas.evaluations import EditIn
from promptlab.api.schemas.runs import RunDetail
from promptlab.api.tokens import caller, project_of
from promptlab.reviews.queries import candidate_of
from promptlab.runs import queries
from promptlab.runs.evaluating import beside
from promptlab.runs.evaluating.editing import EditForm
from promptlab.runs.models import ProjectRun

router = Router(tags=["evaluations"])


@router.post(
    "/{int:candidate}/score", response={201: RunDetail}, summary="Score it on every example"
)
def score_candidate(
    request: HttpRequest, project: Path[str], number: Path[int], candidate: int,
    test: bool = False, key: IdempotencyKey = "",
) -> Status[RunDetail]:  # fmt: skip
    """Once its run has ended. With `test`, on the sealed test split, too: a look that counts. Sent
    again with the same `Idempotency-Key`, it scores nothing more.
    """
    found = project_of(request, project, Role.EDITOR)
    project_run, row = candidate_of(found, number, candidate)

    def start() -> ProjectRun:
        asked = beside.look(project_run, prompts_of(row), test)
        return beside.start(project_run, caller(request), asked, row.number)

    return Status(201, shown_run(request, found, started_once(request, key, start)))


@router.post(
    "/{int:candidate}/edit",
    response={201: RunDetail},
    summary="Edit it, and score that",
)
def edit_candidate(
    request: HttpRequest, project: Path[str], number: Path[int], candidate: int, wish: EditIn,
    key: IdempotencyKey = "",
) -> Status[RunDetail]:  # fmt: skip
    """What comes of it is a candidate of the same run as soon as it is scored. Sent again with the
    same `Idempotency-Key`, it scores nothing more.
    """
    found = project_of(request, project, Role.EDITOR)
    project_run, row = candidate_of(found, number, candidate)
    program = queries.spec_of(project_run.run).program
    before = prompts_of(row)
    form = EditForm(program, before, posted(fields_of(program, before, wish.modules)))
    if not form.is_valid():
        raise Refused(*(problem("form", "modules", told=told) for _id, _label, told in form.faults))

    def start() -> ProjectRun:
        asked = beside.look(project_run, form.candidate)
        return beside.start(project_run, caller(request), asked, row.number, edited=True)

    return Status(201, shown_run(request, found, started_once(request, key, start)))

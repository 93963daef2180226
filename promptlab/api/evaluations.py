"""Evaluations without a search: a program with candidates and models, on rows of one's choice."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Path, Router, Status

from promptlab.accounts.roles import Role
from promptlab.api.form_adapter import check
from promptlab.api.run_requests import IdempotencyKey, started_once
from promptlab.api.runs import shown_run
from promptlab.api.schemas.evaluations import EvaluationIn
from promptlab.api.schemas.runs import RunDetail
from promptlab.api.tokens import caller, project_of
from promptlab.runs.evaluating import prefill
from promptlab.runs.evaluating.forms import PLACES
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting import services
from promptlab.runs.starting.planning import look_at

router = Router(tags=["evaluations"])


@router.post("", response={201: RunDetail}, summary="Evaluate without a search")
def start_evaluation(
    request: HttpRequest, project: Path[str], wish: EvaluationIn, key: IdempotencyKey = ""
) -> Status[RunDetail]:
    """It is a run of its own: watched, paused and cancelled like one. Caps that are left out follow
    its estimate. Sent again with the same `Idempotency-Key`, it starts none.
    """
    found = project_of(request, project, Role.EDITOR)

    def start() -> ProjectRun:
        form = prefill.wanted_form(found, wish.said())
        check(form, PLACES)
        look = look_at(found, form.run_request(), form.estimated)
        return services.start_run(found, caller(request), look)

    return Status(201, shown_run(request, found, started_once(request, key, start)))

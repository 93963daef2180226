"""Reviews: what people decided about a candidate."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Status

from optimizer.models import Candidate
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.reviews import Decided, ReviewIn, ReviewOut
from promptlab.api.tokens import caller, project_of
from promptlab.reviews import queries, services
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun

router = Router(tags=["reviews"])


@router.get("", response=Page[ReviewOut], summary="List the reviews of a candidate, newest first")
def list_reviews(
    request: HttpRequest,
    project: Path[str],
    number: Path[int],
    candidate: Path[int],
    window: Query[Window],
) -> Any:
    project_run, row = queries.candidate_of(project_of(request, project), number, candidate)
    return window.of(queries.reviews_of(project_run, row))


@router.post("", response={201: Decided}, summary="Approve, reject, or request changes")
def decide(
    request: HttpRequest,
    project: Path[str],
    number: Path[int],
    candidate: Path[int],
    wish: ReviewIn,
) -> Status[Any]:
    """An approval is of a packet that you looked at: send the candidate to review, read
    `packets/latest`, look at its points, and say its number. It makes a version, and the label
    “latest” moves to it.
    """
    found = project_of(request, project, Role.REVIEWER)
    project_run, row = queries.candidate_of(found, number, candidate)
    version = _decide(project_run, row, caller(request), wish)
    return Status(201, {"review": queries.reviews_of(project_run, row)[0], "version": version})


def _decide(project_run: ProjectRun, row: Candidate, by: User, wish: ReviewIn) -> Version | None:
    if wish.decision == "approve":
        version = services.approve(project_run, row, by, wish.note, wish.seen, wish.packet)
        return queries.version_of(project_run.project, version.program_id, version.number)
    turn_down = services.reject if wish.decision == "reject" else services.request_changes
    turn_down(project_run, row, by, wish.note, wish.seen)
    return None

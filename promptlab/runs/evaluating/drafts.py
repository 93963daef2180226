"""Edits that are not finished: kept for who types them until they are scored or thrown away."""

from __future__ import annotations

from datetime import datetime

from django.http import QueryDict

from promptlab.accounts.models import User
from promptlab.runs.models import EditDraft, ProjectRun

NOT_TYPED = ("csrfmiddlewaretoken", "add", "remove", "row", "look", "draft")
"""What a form sends beside what was typed."""


def keep(project_run: ProjectRun, candidate: int, by: User, data: QueryDict) -> None:
    """Keep what was typed, in place of what was kept before."""
    typed = data.copy()
    for name in NOT_TYPED:
        typed.pop(name, None)
    EditDraft.objects.update_or_create(
        project_run=project_run, candidate=candidate, by=by, defaults={"typed": typed.urlencode()}
    )


def kept(project_run: ProjectRun, candidate: int, by: User) -> tuple[QueryDict, datetime] | None:
    """The form as it was left, to be typed on, and when that was."""
    found = project_run.edit_drafts.filter(candidate=candidate, by=by).first()
    if found is None:
        return None
    data = QueryDict(found.typed, mutable=True)
    data["up"] = ""  # a row button that moves nothing: the form is drawn anew, not checked
    return data, found.at


def forget(project_run: ProjectRun, candidate: int, by: User) -> None:
    project_run.edit_drafts.filter(candidate=candidate, by=by).delete()

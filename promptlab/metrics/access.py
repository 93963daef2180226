"""Who may open a metric: the first line of every page of this room."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from promptlab.accounts.access import project_for
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.metrics.models import Metric


def metric_for(
    user: User | AnonymousUser, project: str, metric: int, role: Role = Role.VIEWER
) -> Metric:
    """The metric, with its project, for a member whose role is at least `role`.

    Raises:
        Http404: no such metric, or the user is not a member of its project.
        RoleTooLow: the member's role does not allow it.
    """
    found = project_for(user, project, role)
    row = found.metrics.select_related("project").filter(pk=metric).first()
    if row is None:
        raise Http404("There is no such metric in this project.")
    return row

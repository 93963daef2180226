"""Who may open a program: the first line of every page of this room."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from promptlab.accounts.access import project_for
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.programs.models import Program


def program_for(
    user: User | AnonymousUser, project: str, program: int, role: Role = Role.VIEWER
) -> Program:
    """The program, with its project, for a member whose role is at least `role`.

    Raises:
        Http404: no such program, or the user is not a member of its project.
        RoleTooLow: the member's role does not allow it.
    """
    found = project_for(user, project, role)
    row = found.programs.select_related("project", "updated_by").filter(pk=program).first()
    if row is None:
        raise Http404("There is no such program in this project.")
    return row

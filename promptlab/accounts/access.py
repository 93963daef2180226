"""Who may open what: the first line of every project page."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from promptlab.accounts.models import Membership, Project, User
from promptlab.accounts.roles import Role


class RoleTooLow(PermissionDenied):
    """A member wants to do what their role does not allow."""

    def __init__(self, held: Role, needed: Role) -> None:
        self.held, self.needed = held, needed
        super().__init__(
            f"You are {_with_article(held)} of this project; this needs {_with_article(needed)}. "
            "An admin of the project can change your role on its Members page."
        )


def project_for(user: User | AnonymousUser, slug: str, role: Role = Role.VIEWER) -> Project:
    """The project, for a member whose role is at least `role`. Read anew at every call.

    Raises:
        Http404: no such project, or the user is not a member (outsiders cannot tell which).
        RoleTooLow: the member's role does not allow it.
    """
    member = membership_of(user, slug)
    if member is None:
        raise Http404("There is no such project, or you are not a member of it.")
    held = Role(member.role)
    if not held.at_least(role):
        raise RoleTooLow(held, role)
    return member.project


def membership_of(user: User | AnonymousUser, slug: str) -> Membership | None:
    """The user's membership with its project, in one query; None for outsiders."""
    if not user.is_authenticated or not user.is_active:
        return None
    mine = Membership.objects.filter(user=user, project__slug=slug)
    return mine.select_related("project").first()


def _with_article(role: Role) -> str:
    name = role.label.lower()
    return f"an {name}" if name[0] in "ae" else f"a {name}"

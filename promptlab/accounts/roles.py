"""Roles of a project's members, and what each may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from promptlab.accounts.models import Project, User


class Role(models.TextChoices):
    """viewer < editor < reviewer < admin: each may do what the ones before may."""

    VIEWER = "viewer", _("Viewer")
    EDITOR = "editor", _("Editor")
    REVIEWER = "reviewer", _("Reviewer")
    ADMIN = "admin", _("Admin")

    def at_least(self, other: Role) -> bool:
        return _RANK[self] >= _RANK[other]

    @property
    def may(self) -> str:
        """What a member of this role may do, as a clause for people."""
        return str(_MAY[self])


_RANK = {role: rank for rank, role in enumerate(Role)}
_MAY = {
    Role.VIEWER: _("read everything in the project"),
    Role.EDITOR: _("also add datasets, programs and metrics, and start runs"),
    Role.REVIEWER: _("also approve and reject candidates, and move labels"),
    Role.ADMIN: _("also manage members, models and keys, and settings"),
}


def role_of(user: User | AnonymousUser, project: Project) -> Role | None:
    """The user's role in the project, read anew each time; None for outsiders."""
    if not user.is_authenticated or not user.is_active:
        return None
    found = project.memberships.filter(user=user).values_list("role", flat=True).first()
    return Role(found) if found else None


def may_found_projects(user: User) -> bool:
    """Whoever administers something may found a project; a viewer cannot widen their reach so."""
    return user.is_active and (
        user.is_superuser or user.memberships.filter(role=Role.ADMIN).exists()
    )

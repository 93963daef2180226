"""Who was let in to a page that stays open, and whether they may still read it."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db.models import Exists
from django.utils import timezone

from promptlab.accounts.models import Membership, Project, User
from promptlab.accounts.roles import Role


class NotAdmitted(PermissionDenied):
    """Nobody who may read the page: signed out, switched off, no member, or not the one let in."""


@dataclass(frozen=True)
class Admission:
    """A member of a project in a role, signed in to a session with a password (its hash)."""

    user: int
    project: Project
    role: Role
    session: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class _Request:
    """All that Django needs to tell who is signed in."""

    session: SessionBase


def admit(session: SessionBase, slug: str) -> Admission:
    """Let whoever is signed in to a session in to the project of this slug.

    Raises:
        NotAdmitted: nobody is, there is no such project, or they may not read it.
    """
    user = get_user(_Request(session))  # type: ignore[arg-type]
    if not isinstance(user, User) or not session.session_key:
        raise NotAdmitted
    found = _read(user.pk, session.session_key, slug)
    if found.password != user.password:
        raise NotAdmitted
    return found


def renewed(admission: Admission) -> Admission:
    """The admission as it is now. One query, so that it can be asked before every frame.

    Raises:
        NotAdmitted: the account was switched off or has another password, the session ended or
            expired, or the membership did; or its role is lower than it was.
    """
    now = _read(admission.user, admission.session, admission.project.slug)
    if now.password != admission.password or not now.role.at_least(admission.role):
        raise NotAdmitted
    return now


def _read(user: int, session: str, slug: str) -> Admission:
    alive = Session.objects.filter(session_key=session, expire_date__gt=timezone.now())
    members = Membership.objects.filter(user=user, user__is_active=True, project__slug=slug)
    found = members.filter(Exists(alive)).select_related("project", "user").first()
    if found is None:
        raise NotAdmitted
    return Admission(user, found.project, Role(found.role), session, found.user.password)

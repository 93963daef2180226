"""Who was let in to a page that stays open, and whether they may still read it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
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


def renewed(admissions: Sequence[Admission]) -> list[Admission | None]:
    """The admissions as they are now, all of one project. Two queries for however many, so that it
    can be asked before every frame. None: the account was switched off or has another password, the
    session ended or expired, or the membership did; or its role is lower than it was.
    """
    if not admissions:
        return []
    alive = _alive({admission.session for admission in admissions})
    members = _members(admissions[0].project.slug)
    of = {m.user_id: m for m in members.filter(user__in={a.user for a in admissions})}
    return [_renewed(one, of.get(one.user), alive) for one in admissions]


def _renewed(before: Admission, member: Membership | None, alive: set[str]) -> Admission | None:
    if member is None or before.session not in alive:
        return None
    now = _admission(member, before.session)
    same = now.password == before.password and now.role.at_least(before.role)
    return now if same else None


def _read(user: int, session: str, slug: str) -> Admission:
    found = _members(slug).filter(user=user).first()
    if found is None or not _alive({session}):
        raise NotAdmitted
    return _admission(found, session)


def _alive(sessions: Collection[str]) -> set[str]:
    living = Session.objects.filter(session_key__in=sessions, expire_date__gt=timezone.now())
    return set(living.values_list("session_key", flat=True))


def _members(slug: str) -> QuerySet[Membership]:
    members = Membership.objects.filter(user__is_active=True, project__slug=slug)
    return members.select_related("project", "user")


def _admission(member: Membership, session: str) -> Admission:
    return Admission(
        member.user_id, member.project, Role(member.role), session, member.user.password
    )

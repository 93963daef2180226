"""How people get in without an open sign-up: the first administrator's link, and invitations."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from optimizer.core.problems import Conflict
from promptlab.accounts.models import Invitation, Membership, Project, SetupLink, User
from promptlab.accounts.roles import Role
from promptlab.accounts.secrets import digest, new_secret
from promptlab.accounts.services import email_of_one_account_only

audit = logging.getLogger("promptlab.audit")

SETUP_LINK_LIVES = timedelta(hours=24)
INVITATION_LIVES = timedelta(days=7)
FIRST_ADMIN_EMAIL = "admin@localhost"


class LinkNotValid(Exception):
    """The link was used, has expired, was withdrawn, or never existed; we do not say which."""


def issue_setup_link() -> str | None:
    """The secret of a fresh setup link; None once an administrator has a password to sign in with.

    Earlier links stop working, so that there is never more than one.
    """
    administrators = User.objects.filter(is_superuser=True, is_active=True)
    if any(person.has_usable_password() for person in administrators):
        return None
    secret = new_secret()
    with transaction.atomic():
        SetupLink.objects.filter(used_at=None).delete()
        SetupLink.objects.create(
            digest=digest(secret), expires_at=timezone.now() + SETUP_LINK_LIVES
        )
    return secret


def use_setup_link(secret: str) -> User:
    """The first administrator, created when there is none; admin of every project without members.

    Raises:
        LinkNotValid: the link does not work (any more).
    """
    with transaction.atomic():
        now = timezone.now()
        found = SetupLink.objects.filter(digest=digest(secret), used_at=None, expires_at__gt=now)
        if found.update(used_at=now) != 1:  # of many that try at once, one wins
            raise LinkNotValid
        first = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        first = first or User.objects.create_superuser(FIRST_ADMIN_EMAIL)
        for project in Project.objects.annotate(n=Count("memberships")).filter(n=0):
            project.memberships.create(user=first, role=Role.ADMIN)
    audit.info("the setup link signed %s in", first)
    return first


def give_password(user: User, *, email: str, name: str, password: str) -> None:
    """Turn the account that a setup link opened into one that somebody signs in to.

    Raises:
        Conflict: another account has this address.
    """
    before = user.email, user.name, user.password
    user.email, user.name = email, name
    user.set_password(password)
    try:
        with email_of_one_account_only():
            user.save(update_fields=["email", "name", "password"])
    except Conflict:
        user.email, user.name, user.password = before
        raise
    audit.info("%s has a password from now on", user)


def invite(project: Project, role: Role, by: User, note: str = "") -> tuple[Invitation, str]:
    """A one-time link into the project: the row, and the secret, which is not kept."""
    secret = new_secret()
    invitation = project.invitations.create(
        role=role,
        note=note,
        digest=digest(secret),
        created_by=by,
        expires_at=timezone.now() + INVITATION_LIVES,
    )
    audit.info("%s invited a %s to %s", by, role, project.slug)
    return invitation, secret


def withdraw(invitation: Invitation, by: User) -> None:
    invitation.delete()
    audit.info("%s withdrew an invitation to %s", by, invitation.project.slug)


def invitation_of(secret: str) -> Invitation:
    """The open invitation behind a link.

    Raises:
        LinkNotValid: the link does not work (any more).
    """
    found = (
        Invitation.objects.filter(digest=digest(secret))
        .select_related("project", "created_by")
        .first()
    )
    if found is None or not found.is_open:
        raise LinkNotValid
    return found


def accept(invitation: Invitation, user: User) -> Membership:
    """Make the user a member. One who already is keeps the higher of both roles.

    Raises:
        LinkNotValid: somebody used the invitation a moment ago.
    """
    with transaction.atomic():
        now = timezone.now()
        still_open = Invitation.objects.filter(pk=invitation.pk, used_at=None, expires_at__gt=now)
        if still_open.update(used_at=now, used_by=user) != 1:
            raise LinkNotValid
        invited = Role(invitation.role)
        membership, is_new = Membership.objects.get_or_create(
            project=invitation.project, user=user, defaults={"role": invited}
        )
        if not is_new and invited.at_least(Role(membership.role)):
            membership.role = invited
            membership.save(update_fields=["role"])
    audit.info("%s joined %s as %s", user, invitation.project.slug, membership.role)
    return membership


def accept_as_newcomer(invitation: Invitation, *, email: str, name: str, password: str) -> User:
    """Create the account and accept, both or neither.

    Raises:
        LinkNotValid: somebody used the invitation a moment ago.
        Conflict: an account has this address.
    """
    with email_of_one_account_only():
        user = User.objects.create_user(email, password, name=name)
        accept(invitation, user)
    return user

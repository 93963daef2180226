"""What is done to projects and their members."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.text import slugify

from optimizer.core.problems import Conflict
from optimizer.costs import spending
from optimizer.costs.spending import Caps
from promptlab.accounts.models import Membership, Project, User
from promptlab.accounts.roles import Role

audit = logging.getLogger("promptlab.audit")

RESERVED_SLUGS = {"new"}


def found_project(by: User | None, name: str) -> Project:
    """Create a project; its founder becomes its admin.

    `by` is None for the demo project, which the first administrator gets with the setup link.
    """
    with transaction.atomic():
        project = _with_free_slug(name)
        if by is not None:
            project.memberships.create(user=by, role=Role.ADMIN)
    audit.info("%s created project %s", by or "the installation", project.slug)
    return project


def save_person(user: User, *, name: str, email: str, theme: str) -> None:
    """Raises Conflict when another account has this address."""
    with email_of_one_account_only():
        User.objects.filter(pk=user.pk).update(name=name, email=email, theme=theme)
    user.name, user.email, user.theme = name, email, theme


@contextmanager
def email_of_one_account_only() -> Iterator[None]:
    """A transaction that stores an address. Forms looked, but somebody may have been quicker.

    Raises:
        Conflict: another account has it.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "email" not in str(error):
            raise
        raise Conflict.because("account.email_taken", "email") from None


def save_settings(project: Project, by: User, *, name: str, requires_second_person: bool) -> None:
    project.name, project.requires_second_person = name, requires_second_person
    project.save(update_fields=["name", "requires_second_person"])
    audit.info(
        "%s saved settings of %s: second person %s", by, project.slug, requires_second_person
    )


def cap_months(project: Project, by: User, caps: Caps) -> None:
    """Set what the project may spend in each calendar month.

    Raises:
        Refused: the installation's cap is lower.
        Conflict: it cannot be set just now.
    """
    spending.set_caps(project.namespace, caps)
    audit.info("%s capped the months of %s: %s", by, project.slug, caps)


def change_role(membership: Membership, role: Role, by: User) -> None:
    """Give a member another role.

    Raises:
        Conflict: nobody would be left to administer the project.
        Http404: the member was removed meanwhile.
    """
    with transaction.atomic():
        _keep_an_admin(membership, role)
        if not Membership.objects.filter(pk=membership.pk).update(role=role):
            raise Http404("Somebody removed this member a moment ago.")
        membership.role = role
        _withdraw_invitations_unless_admin(membership, role)
    audit.info("%s made %s %s of %s", by, membership.user, role, membership.project.slug)


def remove_member(membership: Membership, by: User) -> None:
    """End a membership; what the member made stays.

    Raises:
        Conflict: nobody would be left to administer the project.
    """
    with transaction.atomic():
        _keep_an_admin(membership, None)
        _withdraw_invitations_unless_admin(membership, None)
        membership.delete()
    audit.info("%s removed %s from %s", by, membership.user, membership.project.slug)


def _with_free_slug(name: str) -> Project:
    stem = slugify(name)[:50].strip("-") or "project"
    number = 1 if stem not in RESERVED_SLUGS else 2
    while True:
        slug = stem if number == 1 else f"{stem}-{number}"
        try:
            with transaction.atomic():
                return Project.objects.create(slug=slug, name=name)
        except IntegrityError:  # taken, perhaps a moment ago
            number += 1


def _keep_an_admin(membership: Membership, role: Role | None) -> None:
    """The lock on the project makes two admins who demote each other take turns."""
    project = Project.objects.select_for_update().get(pk=membership.project_id)
    others = project.memberships.filter(role=Role.ADMIN).exclude(pk=membership.pk)
    if membership.role == Role.ADMIN and role != Role.ADMIN and not others.exists():
        raise Conflict.because("project.last_admin")


def _withdraw_invitations_unless_admin(membership: Membership, role: Role | None) -> None:
    if role != Role.ADMIN:
        membership.project.invitations.filter(created_by=membership.user, used_at=None).delete()

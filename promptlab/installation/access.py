"""Who administers the installation: the first line of every page here."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from promptlab.accounts.models import User


class NotAnAdministrator(PermissionDenied):
    """Somebody wants to do what concerns all projects."""

    def __init__(self) -> None:
        super().__init__(
            "Only administrators of this installation see this page: whoever used its setup link "
            "is one. An admin of a project is not."
        )


def is_administrator(user: User | AnonymousUser) -> bool:
    return user.is_authenticated and user.is_active and user.is_superuser


def administrator(user: User) -> User:
    """The user, when they administer the installation. Read anew at every call.

    Raises:
        NotAnAdministrator: they do not.
    """
    if not is_administrator(user):
        raise NotAnAdministrator
    return user

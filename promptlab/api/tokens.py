"""Who asks: a bearer token stands for its user, who may do here what they may do on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja.security import HttpBearer

from promptlab.accounts import access
from promptlab.accounts.roles import Role, role_of
from promptlab.accounts.throttle import Door, note_failure
from promptlab.accounts.tokens import TokenNotValid, authenticate

if TYPE_CHECKING:
    from promptlab.accounts.models import ApiToken, Project, User

READING = ("GET", "HEAD", "OPTIONS")


class ApiRequest(HttpRequest):
    """A request that a valid token came with."""

    auth: ApiToken


class TokenOnlyReads(PermissionDenied):
    def __init__(self) -> None:
        super().__init__(
            "This API token may only read. Create one that may also change things on your API "
            "tokens page."
        )


class BearerToken(HttpBearer):
    """`Authorization: Bearer TOKEN`; without `writes`, an operation changes nothing."""

    def __init__(self, *, writes: bool = True) -> None:
        super().__init__()
        self.writes = writes

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        """Raises TokenNotValid, TooManyAttempts (after many of these) or TokenOnlyReads."""
        try:
            found = authenticate(token.strip())
        except TokenNotValid:
            note_failure(Door.TOKEN, request)
            raise
        if found.read_only and self.writes and request.method not in READING:
            raise TokenOnlyReads
        return found


def caller(request: HttpRequest) -> User:
    """The token's user."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    return token.user


def reads_words(request: HttpRequest, project: Project) -> bool:
    """Whether the token's user may read what providers said: only who may edit them."""
    held = role_of(caller(request), project)
    return held is not None and held.at_least(Role.ADMIN)


def project_of(request: HttpRequest, slug: str, role: Role = Role.VIEWER) -> Project:
    """The project, when the token's user may do this in it. Raises as `access.project_for`."""
    return access.project_for(caller(request), slug, role)

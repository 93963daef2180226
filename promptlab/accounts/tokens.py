"""API tokens: made, found again by their digest, revoked."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from promptlab.accounts.models import ApiToken, User
from promptlab.accounts.secrets import SHOWN_CHARACTERS, TOKEN_MARK, digest, new_secret

audit = logging.getLogger("promptlab.audit")

DEFAULT_DAYS = 90
USE_IS_NOTED_EVERY = timedelta(minutes=1)


class TokenNotValid(Exception):
    """The token is unknown, expired or revoked, or its user was switched off."""

    def __init__(self) -> None:
        super().__init__(
            "This API token is unknown, expired or revoked. Create one on your API tokens page."
        )


def create_token(
    user: User, name: str, days: int = DEFAULT_DAYS, *, read_only: bool = False
) -> tuple[ApiToken, str]:
    """A token that expires after `days`: the row, and the secret, which is shown once."""
    secret = TOKEN_MARK + new_secret()
    token = user.api_tokens.create(
        name=name,
        prefix=secret[:SHOWN_CHARACTERS],
        digest=digest(secret),
        read_only=read_only,
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.info("%s created API token %s (%s)", user, token.prefix, name)
    return token, secret


def authenticate(secret: str) -> ApiToken:
    """The token with this secret, its user loaded; notes that it was used.

    Raises:
        TokenNotValid: it lets nobody in.
    """
    token = ApiToken.objects.filter(digest=digest(secret)).select_related("user").first()
    if token is None or not token.is_valid or not token.user.is_active:
        raise TokenNotValid
    now = timezone.now()
    long_ago = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_IS_NOTED_EVERY)
    ApiToken.objects.filter(long_ago, pk=token.pk).update(last_used_at=now)
    return token


def revoke(token: ApiToken) -> None:
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    audit.info("%s revoked API token %s", token.user, token.prefix)

"""API tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from promptlab.accounts import tokens
from promptlab.accounts.models import ApiToken, User

Browser = Callable[[User], Client]
PAGE = "accounts:tokens"


def test_a_token_is_shown_once_and_kept_as_a_digest(carol: User, client_of: Browser) -> None:
    browser = client_of(carol)
    page = browser.post(reverse(PAGE), {"name": "import", "days": "30", "read_only": "on"})
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert secret not in browser.get(reverse(PAGE)).content.decode()
    token = ApiToken.objects.get()
    assert secret not in (token.digest, token.prefix)
    assert (token.user, token.read_only, secret.startswith(token.prefix)) == (carol, True, True)
    assert tokens.authenticate(secret) == token


def test_the_use_of_a_token_is_noted(carol: User) -> None:
    token, secret = tokens.create_token(carol, "x")
    tokens.authenticate(secret)
    token.refresh_from_db()
    assert token.last_used_at is not None


@pytest.mark.parametrize("wrong", ["", "plab_", "plab_nonsense"])
def test_an_unknown_token_lets_nobody_in(wrong: str, carol: User) -> None:
    tokens.create_token(carol, "x")
    with pytest.raises(tokens.TokenNotValid):
        tokens.authenticate(wrong)


def test_expired_and_revoked_tokens_let_nobody_in(carol: User) -> None:
    expired, first = tokens.create_token(carol, "x")
    ApiToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(1))
    revoked, second = tokens.create_token(carol, "y")
    tokens.revoke(revoked)
    for secret in (first, second):
        with pytest.raises(tokens.TokenNotValid):
            tokens.authenticate(secret)


def test_a_token_of_someone_who_was_switched_off_lets_nobody_in(carol: User) -> None:
    _, secret = tokens.create_token(carol, "x")
    User.objects.filter(pk=carol.pk).update(is_active=False)
    with pytest.raises(tokens.TokenNotValid):
        tokens.authenticate(secret)


def test_one_revokes_ones_own_tokens_only(carol: User, dave: User, client_of: Browser) -> None:
    token, secret = tokens.create_token(carol, "x")
    revoke = reverse("accounts:revoke_token", args=[token.pk])
    assert client_of(dave).post(revoke).status_code == 404
    tokens.authenticate(secret)
    client_of(carol).post(revoke)
    with pytest.raises(tokens.TokenNotValid):
        tokens.authenticate(secret)


def test_a_token_needs_a_name(carol: User, client_of: Browser) -> None:
    page = client_of(carol).post(reverse(PAGE), {"name": "", "days": "30"})
    assert page.status_code == 422
    assert not ApiToken.objects.exists()


def test_the_command_prints_a_token(carol: User) -> None:
    out = StringIO()
    call_command("api_token", "Carol@example.org", "--days", "5", stdout=out)
    token = tokens.authenticate(out.getvalue().strip())
    assert token.user == carol
    assert token.expires_at < timezone.now() + timedelta(days=6)


def test_the_command_says_when_nobody_has_that_address(db: None) -> None:
    with pytest.raises(CommandError, match=r"Nobody signs in with x@example.org"):
        call_command("api_token", "x@example.org")

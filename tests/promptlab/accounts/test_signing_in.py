"""Signing in and out, passwords, one's own page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from promptlab.accounts.models import User
from tests.people import PASSWORD

Browser = Callable[[User], Client]


def sign_in(browser: Client, email: str, password: str, **extra: str):  # type: ignore[no-untyped-def]
    return browser.post("/login/", {"login": email, "password": password}, **extra)


def test_a_person_signs_in_with_address_and_password(carol: User) -> None:
    answer = sign_in(Client(), "Carol@Example.org", PASSWORD)
    assert answer.url == "/"


def test_a_wrong_password_and_an_unknown_address_look_the_same(carol: User) -> None:
    pages = [
        sign_in(Client(), "carol@example.org", "wrong-password"),
        sign_in(Client(), "nobody@example.org", "wrong-password"),
    ]
    errors = [list(page.context["form"].non_field_errors()) for page in pages]
    assert errors[0] == errors[1] != []


@pytest.mark.parametrize("following", ["//evil.example", "https://evil.example/", "javascript:x"])
def test_signing_in_never_leads_to_another_site(following: str, carol: User) -> None:
    answer = Client().post(
        "/login/", {"login": "carol@example.org", "password": PASSWORD, "next": following}
    )
    assert "evil" not in answer.headers.get("Location", "")


def test_someone_who_was_switched_off_cannot_sign_in(carol: User) -> None:
    User.objects.filter(pk=carol.pk).update(is_active=False)
    browser = Client()
    sign_in(browser, "carol@example.org", PASSWORD)
    assert browser.get("/").status_code == 302


def test_signing_out_takes_a_post(carol: User, client_of: Browser) -> None:
    browser = client_of(carol)
    assert "Sign out?" in browser.get("/logout/").content.decode()
    assert browser.get("/").status_code == 200
    browser.post("/logout/")
    assert browser.get("/").status_code == 302


def test_a_password_is_changed_with_the_old_one(carol: User, client_of: Browser) -> None:
    browser = client_of(carol)
    fresh = {"password1": "x9-long-enough", "password2": "x9-long-enough"}
    wrong = browser.post("/password/change/", {"oldpassword": "wrong", **fresh})
    assert "oldpassword" in wrong.context["form"].errors
    answer = browser.post("/password/change/", {"oldpassword": PASSWORD, **fresh})
    assert answer.url == reverse("accounts:person")  # type: ignore[attr-defined]
    assert Client().login(email="carol@example.org", password="x9-long-enough")


def test_a_forgotten_password_is_said_to_need_the_server(db: None) -> None:
    page = Client().get("/password/reset/").content.decode()
    assert "promptlab sends no e-mail" in page
    assert "changepassword" in page


def test_a_person_changes_name_address_and_colours(carol: User, client_of: Browser) -> None:
    data = {"name": "Carola", "email": "Carola@Example.org", "theme": "dark"}
    client_of(carol).post(reverse("accounts:person"), data)
    carol.refresh_from_db()
    assert (carol.name, carol.email, carol.theme) == ("Carola", "carola@example.org", "dark")


def test_an_address_that_is_taken_is_refused_and_nothing_is_lost(
    carol: User, erin: User, client_of: Browser
) -> None:
    data = {"name": "Carola", "email": "erin@example.org", "theme": "dark"}
    page = client_of(carol).post(reverse("accounts:person"), data)
    assert page.status_code == 422
    assert "already" in page.context["form"].errors["email"][0]
    assert page.context["form"]["name"].value() == "Carola"
    assert str(page.context["user"]) == "Carol"  # the top bar shows who one is


def test_posts_without_a_csrf_token_are_refused(carol: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(carol, backend="django.contrib.auth.backends.ModelBackend")
    for name in ("accounts:person", "accounts:tokens", "account_logout"):
        assert browser.post(reverse(name), {}).status_code == 403

"""What cannot even be read, or comes from a page that is too old, is refused in words, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from promptlab.accounts.models import Project, User

PARTS = "&".join(f"a{n}=1" for n in range(1500))
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def browser(project: Project, erin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(erin)


@pytest.mark.parametrize(
    "send",
    [
        lambda browser: browser.generic("POST", "/account/", PARTS, FORM),
        lambda browser: browser.get(f"/p/support-triage/runs/?{PARTS}"),
        lambda browser: browser.get("/account/", HTTP_HOST="evil.example"),
        lambda browser: browser.generic(
            "POST", "/p/support-triage/datasets/new/", "x", "multipart/form-data"
        ),
    ],
    ids=["form", "query", "host", "file"],
)
def test_what_cannot_be_read_is_a_page_that_says_so(
    send: Callable[..., Any], browser: Client
) -> None:
    answer = send(browser)
    assert answer.status_code == 400
    assert "The request cannot be read" in answer.content.decode()
    assert "stylesheet" in answer.content.decode()


def test_a_program_is_told_in_json(browser: Client) -> None:
    answer = browser.get(f"/api/v1/projects?{PARTS}")
    assert answer.status_code in (400, 401)
    assert answer.json()["detail"]


def test_a_form_of_a_page_that_is_too_old_says_what_to_do(carol: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(carol, backend="django.contrib.auth.backends.ModelBackend")
    page = browser.post("/account/", {"name": "Carola"})
    assert page.status_code == 403
    assert "Reload the form before you send it again" in page.content.decode()
    part = browser.post("/account/", {}, headers={"HX-Request": "true"})
    assert part.status_code == 403
    assert part["Content-Type"].startswith("text/plain")

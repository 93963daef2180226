"""Local and private addresses are allowed by administrators of the installation, by nobody else."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from optimizer.models import AllowedAddress
from promptlab.accounts.models import User
from tests.promptlab.runs.new_run_form import texts

ClientOf = Callable[[User], Client]
HOME = "/installation/"
ALLOW = "/installation/addresses/"


@pytest.fixture
def desk(olga: User, client_of: ClientOf) -> Client:
    AllowedAddress.objects.all().delete()
    return client_of(olga)


def allow(desk: Client, host: str, port: str = "", note: str = "") -> list[str]:
    """Errors of the field `host`; [] when it was allowed."""
    answer = desk.post(ALLOW, {"host": host, "port": port, "note": note})
    if answer.status_code == 302:
        return []
    assert answer.status_code == 422
    form = answer.context["address_form"]
    assert (form["host"].value(), form["note"].value()) == (host, note)
    return [str(error) for errors in form.errors.values() for error in errors]


def listed() -> list[str]:
    return [str(row) for row in AllowedAddress.objects.all()]


@pytest.mark.parametrize(
    ("host", "port", "shown"),
    [
        ("127.0.0.1", "11434", "127.0.0.1:11434"),
        ("127.0.0.1:11434", "", "127.0.0.1:11434"),
        ("http://127.0.0.1:11434/v1", "", "127.0.0.1:11434"),
        ("http://gpu.lan/v1", "", "gpu.lan:80"),
        ("10.0.0.7/24", "", "10.0.0.0/24"),
        ("10.0.0.0/24", "8000", "10.0.0.0/24:8000"),
        ("::1", "8000", "[::1]:8000"),
        ("[::1]:8000", "", "[::1]:8000"),
        ("[fd00::5]", "", "fd00::5"),
        ("fd00::/64", "", "fd00::/64"),
        ("2130706433", "", "127.0.0.1"),
        ("0x7f.1", "", "127.0.0.1"),
        ("１２７.0.0.1", "", "127.0.0.1"),
        ("127。0。0。1", "", "127.0.0.1"),
        ("Ollama.LAN", "11434", "ollama.lan:11434"),
        ("bücher.example", "", "xn--bcher-kva.example"),
        ("localhost:11434", "", "localhost:11434"),
    ],
)
def test_an_administrator_allows_an_address_however_it_is_spelt(
    desk: Client, host: str, port: str, shown: str
) -> None:
    assert allow(desk, host, port, "a model") == []
    assert listed() == [shown]
    page = texts(desk.get(HOME).content.decode())
    assert shown in page
    assert "a model" in page
    assert "olga@example.org" in page


@pytest.mark.parametrize(
    ("host", "port", "told"),
    [
        ("", "", "required"),
        ("two words", "", "host's name"),
        ("http://", "", "host's name"),
        ("<b>", "", "host's name"),
        ("x" * 64, "", "host's name"),
        ("127.0.0.1:1", "2", "another port"),
        ("127.0.0.1", "65536", "less than or equal"),
        ("169.254.169.254", "", "never models"),
        ("①⑥⑨.②⑤④.①⑥⑨.②⑤④", "", "never models"),
        ("169.254.0.0/24", "", "never models"),
        ("fe80::1", "", "never models"),
        ("::ffff:169.254.169.254", "", "never models"),
        ("8.8.8.8", "", "public"),
    ],
)
def test_what_cannot_be_allowed_is_told_and_nothing_is_lost(
    desk: Client, host: str, port: str, told: str
) -> None:
    assert told in " ".join(allow(desk, host, port, "a note"))
    assert listed() == []


def test_the_same_is_allowed_once(desk: Client) -> None:
    allow(desk, "127.0.0.1", "11434", "first")
    allow(desk, "127.1:11434", "", "second")
    assert [row.note for row in AllowedAddress.objects.all()] == ["first"]


def test_who_allowed_and_refused_is_in_the_audit_log(
    desk: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "promptlab.audit")
    allow(desk, "127.0.0.1", "11434")
    (row,) = AllowedAddress.objects.all()
    desk.post(reverse("installation:withdraw", args=[row.pk]))
    assert listed() == []
    assert caplog.messages == [
        "olga@example.org allowed calls to 127.0.0.1:11434",
        "olga@example.org no longer allows calls to 127.0.0.1:11434",
    ]


def test_the_embedded_model_is_the_first_entry_and_stays(desk: Client, settings: Settings) -> None:
    settings.EMBEDDED_MODEL_URL = None
    assert "every call to a local or private address is refused" in texts(
        desk.get(HOME).content.decode()
    )
    settings.EMBEDDED_MODEL_URL = "http://127.0.0.1:8123/v1"
    allow(desk, "10.0.0.5")
    page = desk.get(HOME).content.decode()
    assert page.index("127.0.0.1:8123") < page.index("10.0.0.5")
    assert page.count('data-dialog-open="withdraw-') == 1


def test_the_menu_leads_administrators_there_and_nobody_else(
    desk: Client, alice: User, client_of: ClientOf
) -> None:
    link = f'href="{HOME}"'
    assert link in desk.get("/account/").content.decode()
    assert link not in client_of(alice).get("/account/").content.decode()


def test_an_admin_of_a_project_is_told_who_may(alice: User, client_of: ClientOf) -> None:
    answer = client_of(alice).get(HOME)
    assert answer.status_code == 403
    assert "Only administrators of this installation" in answer.content.decode()


def test_an_administrator_who_lost_the_right_loses_the_page(desk: Client, olga: User) -> None:
    User.objects.filter(pk=olga.pk).update(is_superuser=False)
    assert desk.post(ALLOW, {"host": "127.0.0.1"}).status_code == 403
    assert listed() == []

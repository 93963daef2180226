"""How people get in: the first administrator's link, and invitations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from promptlab.accounts import entrance
from promptlab.accounts.models import Invitation, Project, SetupLink, User
from promptlab.accounts.roles import Role, role_of
from tests.people import PASSWORD

Browser = Callable[[User], Client]


def printed_link() -> str:
    out = StringIO()
    call_command("first_admin_link", stdout=out)
    return out.getvalue().strip()


def path_of(link: str) -> str:
    return link.removeprefix("http://127.0.0.1:8000")


# --- The first administrator ----------------------------------------------------------------------


@pytest.fixture
def demo(db: None) -> Project:
    return Project.objects.create(slug="demo", name="Demo")


def test_the_link_signs_the_first_administrator_in(demo: Project) -> None:
    browser = Client()
    answer = browser.get(path_of(printed_link()))
    assert answer.url == reverse("accounts:welcome")  # type: ignore[attr-defined]
    first = User.objects.get()
    assert (first.email, first.is_superuser, first.has_usable_password()) == (
        "admin@localhost", True, False,
    )  # fmt: skip
    assert role_of(first, demo) is Role.ADMIN
    assert browser.get(reverse("accounts:welcome")).status_code == 200


def test_the_welcome_leads_on_to_the_only_project_without_any_answer(demo: Project) -> None:
    browser = Client()
    page = browser.get(path_of(printed_link()), follow=True)
    assert reverse("accounts:project", args=["demo"]) in page.content.decode()


def test_the_first_administrator_chooses_an_address_and_a_password(demo: Project) -> None:
    browser = Client()
    browser.get(path_of(printed_link()))
    data = {"email": "Ada@Example.org", "name": "Ada", "password": "x9-long-enough"}
    answer = browser.post(reverse("accounts:welcome"), data)
    assert answer.url == reverse("accounts:project", args=["demo"])  # type: ignore[attr-defined]
    assert browser.get(reverse("accounts:projects")).status_code == 200  # still signed in
    assert Client().login(email="ada@example.org", password="x9-long-enough")
    assert printed_link() == ""


@pytest.mark.parametrize("password", ["short", "12345678", "password"])
def test_a_weak_password_is_refused_beside_the_field(password: str, demo: Project) -> None:
    browser = Client()
    browser.get(path_of(printed_link()))
    data = {"email": "ada@example.org", "name": "Ada", "password": password}
    page = browser.post(reverse("accounts:welcome"), data)
    assert page.status_code == 422
    assert "password" in page.context["form"].errors
    assert page.context["form"]["email"].value() == "ada@example.org"


def test_a_link_works_once(demo: Project) -> None:
    link = path_of(printed_link())
    Client().get(link)
    assert Client().get(link).status_code == 404
    assert User.objects.count() == 1


def test_looking_at_a_link_does_not_use_it_up(demo: Project) -> None:
    link = path_of(printed_link())
    assert Client().head(link).status_code == 405
    assert Client().get(link).status_code == 302


def test_a_new_link_replaces_the_old_one_and_leads_to_the_same_account(demo: Project) -> None:
    first, second = path_of(printed_link()), path_of(printed_link())
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 302
    assert Client().get(path_of(printed_link())).status_code == 302
    assert User.objects.count() == 1


def test_a_link_lives_a_day(demo: Project) -> None:
    link = path_of(printed_link())
    SetupLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(link).status_code == 404


@pytest.mark.parametrize("guess", ["", "x", "0" * 43])
def test_a_guessed_link_is_no_link(guess: str, demo: Project) -> None:
    printed_link()
    assert Client().get(f"/setup/{guess}/").status_code == 404
    assert not User.objects.exists()


def test_no_link_is_printed_while_an_administrator_can_sign_in(db: None) -> None:
    User.objects.create_superuser("root@example.org", PASSWORD)
    assert printed_link() == ""


def test_the_link_does_not_open_projects_that_have_members(project: Project, carol: User) -> None:
    Client().get(path_of(printed_link()))
    first = User.objects.get(is_superuser=True)
    assert role_of(first, project) is None


def test_links_are_kept_as_digests_only(demo: Project) -> None:
    secret = path_of(printed_link()).split("/")[2]
    assert secret not in SetupLink.objects.get().digest


# --- Invitations ---------------------------------------------------------------------------------


@pytest.fixture
def link(project: Project, alice: User) -> str:
    _, secret = entrance.invite(project, Role.EDITOR, alice, "new colleague")
    return reverse("accounts:invitation", args=[secret])


NEWCOMER = {"email": "Nina@Example.org", "name": "Nina", "password": "x9-long-enough"}


def test_an_admin_makes_a_link_that_is_shown_once(
    project: Project, alice: User, client_of: Browser
) -> None:
    browser = client_of(alice)
    invite = reverse("accounts:invite", args=[project.slug])
    page = browser.post(invite, {"role": "reviewer", "note": "Rita"})
    shown = page.context["link"]
    assert shown.startswith("http://testserver/invitations/")
    again = browser.get(reverse("accounts:members", args=[project.slug])).content.decode()
    assert "Rita" in again
    assert shown not in again
    assert shown.split("/")[4] not in Invitation.objects.get().digest


def test_a_newcomer_joins_with_an_account_of_their_own(link: str, project: Project) -> None:
    browser = Client()
    assert "Support triage" in browser.get(link).content.decode()
    answer = browser.post(link, NEWCOMER)
    nina = User.objects.get(email="nina@example.org")
    assert answer.url == reverse("accounts:project", args=[project.slug])  # type: ignore[attr-defined]
    assert role_of(nina, project) is Role.EDITOR
    assert browser.get(reverse("accounts:members", args=[project.slug])).status_code == 200


def test_someone_with_an_account_joins_with_it(
    link: str, project: Project, dave: User, client_of: Browser
) -> None:
    browser = client_of(dave)
    assert "Join as dave@example.org" in browser.get(link).content.decode()
    assert role_of(dave, project) is None  # looking is not joining
    browser.post(link)
    assert role_of(dave, project) is Role.EDITOR


def test_an_invitation_works_once(link: str, dave: User, client_of: Browser) -> None:
    client_of(dave).post(link)
    assert Client().get(link).status_code == 404
    assert Client().post(link, NEWCOMER).status_code == 404
    assert not User.objects.filter(email="nina@example.org").exists()


def test_an_invitation_never_takes_rights_away(link: str, project: Project, bob: User) -> None:
    entrance.accept(Invitation.objects.get(), bob)
    assert role_of(bob, project) is Role.REVIEWER


def test_an_address_that_is_taken_is_said_beside_the_field(link: str, dave: User) -> None:
    page = Client().post(link, {**NEWCOMER, "email": "DAVE@example.org"})
    assert page.status_code == 422
    assert "already" in page.context["form"].errors["email"][0]
    assert Invitation.objects.get().is_open


def test_a_withdrawn_invitation_does_not_work(
    link: str, project: Project, alice: User, client_of: Browser
) -> None:
    invitation = Invitation.objects.get()
    client_of(alice).post(reverse("accounts:withdraw", args=[project.slug, invitation.pk]))
    assert Client().get(link).status_code == 404


def test_an_invitation_lives_a_week(link: str) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(link).status_code == 404


def test_invitations_of_someone_who_is_no_admin_any_more_do_not_work(
    link: str, project: Project, alice: User, bob: User, client_of: Browser
) -> None:
    project.memberships.filter(user=bob).update(role=Role.ADMIN)
    member = project.memberships.get(user=alice)
    change = reverse("accounts:change_role", args=[project.slug, member.pk])
    client_of(bob).post(change, {"role": "viewer"})
    assert Client().get(link).status_code == 404


def test_nobody_signs_up_without_an_invitation(db: None) -> None:
    for path in ("/signup/", "/accounts/signup/"):
        assert Client().get(path).status_code == 404

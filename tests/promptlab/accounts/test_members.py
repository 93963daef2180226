"""Members, roles and settings of a project."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from promptlab.accounts import services
from promptlab.accounts.models import Membership, Project, User
from promptlab.accounts.roles import Role, role_of

Browser = Callable[[User], Client]


def url(page: str, project: Project, *args: int) -> str:
    return reverse(f"accounts:{page}", args=[project.slug, *args])


def member(project: Project, user: User) -> Membership:
    return project.memberships.get(user=user)


def test_an_admin_changes_roles(
    project: Project, alice: User, carol: User, client_of: Browser
) -> None:
    change = url("change_role", project, member(project, carol).pk)
    client_of(alice).post(change, {"role": "editor"})
    assert role_of(carol, project) is Role.EDITOR
    client_of(alice).post(change, {"role": "emperor"})
    assert role_of(carol, project) is Role.EDITOR


def test_the_last_admin_stays_admin(project: Project, alice: User, client_of: Browser) -> None:
    browser = client_of(alice)
    own = member(project, alice).pk
    page = browser.post(url("change_role", project, own), {"role": "viewer"}, follow=True)
    assert "make another member admin first" in page.content.decode()
    browser.post(url("remove", project, own))
    browser.post(url("leave", project))
    assert role_of(alice, project) is Role.ADMIN


def test_an_admin_removes_a_member(
    project: Project, alice: User, carol: User, client_of: Browser
) -> None:
    client_of(alice).post(url("remove", project, member(project, carol).pk))
    assert role_of(carol, project) is None


def test_anybody_may_leave(project: Project, alice: User, carol: User, client_of: Browser) -> None:
    answer = client_of(carol).post(url("leave", project))
    assert answer.url == reverse("accounts:projects")  # type: ignore[attr-defined]
    assert role_of(carol, project) is None


def test_an_admin_saves_the_settings(project: Project, alice: User, client_of: Browser) -> None:
    data = {"name": "Triage 2", "requires_second_person": "on"}
    client_of(alice).post(url("settings", project), data)
    project.refresh_from_db()
    assert (project.name, project.requires_second_person) == ("Triage 2", True)
    page = client_of(alice).post(url("settings", project), {"name": ""})
    assert page.status_code == 422


def test_the_members_page_takes_few_queries_for_many_members(
    project: Project,
    alice: User,
    client_of: Browser,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(10):
        someone = User.objects.create_user(f"member{number}@example.org")
        project.memberships.create(user=someone, role=Role.VIEWER)
    browser = client_of(alice)
    with django_assert_max_num_queries(8):
        browser.get(url("members", project))


@pytest.mark.parametrize("name", ["bob", "erin", "carol"])
def test_only_admins_administer(
    name: str, project: Project, alice: User, client_of: Browser, request: pytest.FixtureRequest
) -> None:
    someone = request.getfixturevalue(name)
    browser = client_of(someone)
    own = member(project, someone).pk
    page = browser.get(url("members", project))
    assert page.status_code == 200
    assert "Make a link" not in page.content.decode()
    assert browser.get(url("settings", project)).status_code == 403
    assert browser.post(url("invite", project), {"role": "admin"}).status_code == 403
    assert browser.post(url("change_role", project, own), {"role": "admin"}).status_code == 403
    assert browser.post(url("remove", project, own)).status_code == 403


def test_a_refusal_says_what_is_needed(project: Project, carol: User, client_of: Browser) -> None:
    content = client_of(carol).get(url("settings", project)).content.decode()
    assert "You are a viewer of this project; this needs an admin" in content


@pytest.mark.parametrize("page", ["project", "members", "settings"])
def test_an_outsider_finds_nothing(
    page: str, project: Project, dave: User, client_of: Browser
) -> None:
    assert client_of(dave).get(url(page, project)).status_code == 404


def test_members_of_another_project_cannot_be_reached(
    project: Project, alice: User, dave: User, client_of: Browser
) -> None:
    other = Project.objects.get(slug="daves-own")
    change = url("change_role", project, member(other, dave).pk)
    assert client_of(alice).post(change, {"role": "viewer"}).status_code == 404


@pytest.mark.parametrize("page", ["project", "members", "settings"])
def test_pages_ask_to_sign_in(page: str, project: Project) -> None:
    answer = Client().get(url(page, project))
    assert answer.status_code == 302
    assert answer.url.startswith("/login/?next=")  # type: ignore[attr-defined]


def test_an_admin_founds_another_project(alice: User, client_of: Browser) -> None:
    answer = client_of(alice).post(reverse("accounts:new_project"), {"name": "Größe & Maß"})
    founded = Project.objects.get(slug="groe-ma")
    assert answer.url == reverse("accounts:project", args=[founded.slug])  # type: ignore[attr-defined]
    assert role_of(alice, founded) is Role.ADMIN


def test_a_viewer_founds_no_project(carol: User, client_of: Browser) -> None:
    page = client_of(carol).post(reverse("accounts:new_project"), {"name": "Mine"})
    assert page.status_code == 403
    assert not Project.objects.filter(name="Mine").exists()


def test_addresses_of_projects_are_free_and_readable(db: None) -> None:
    slugs = [services.found_project(None, name).slug for name in ("Mail", "Mail", "質問", "new")]
    assert slugs == ["mail", "mail-2", "project", "new-2"]


def test_the_start_page_lists_own_projects_only(
    project: Project, carol: User, dave: User, client_of: Browser
) -> None:
    content = client_of(carol).get(reverse("accounts:projects")).content.decode()
    assert "Support triage" in content
    assert "Dave&#x27;s own" not in content
    assert reverse("accounts:new_project") not in content


def test_someone_without_a_project_is_told_what_to_do(db: None, client_of: Browser) -> None:
    nobody = User.objects.create_user("nobody@example.org")
    content = client_of(nobody).get(reverse("accounts:projects")).content.decode()
    assert "Ask an admin of one for an invitation link" in content

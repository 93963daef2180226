"""Who may open a project."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from promptlab.accounts.access import RoleTooLow, project_for
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role


def test_a_member_gets_the_project(carol: User, project: Project) -> None:
    assert project_for(carol, "support-triage") == project


def test_an_outsider_is_told_that_there_is_no_such_project(dave: User, project: Project) -> None:
    with pytest.raises(Http404):
        project_for(dave, "support-triage")


def test_nobody_gets_in_without_signing_in(project: Project) -> None:
    with pytest.raises(Http404):
        project_for(AnonymousUser(), "support-triage")


def test_a_role_that_is_too_low_is_refused_in_a_sentence(carol: User) -> None:
    with pytest.raises(RoleTooLow, match="You are a viewer of this project; this needs an editor"):
        project_for(carol, "support-triage", Role.EDITOR)


def test_a_higher_role_may_do_what_the_lower_ones_may(bob: User, project: Project) -> None:
    assert project_for(bob, "support-triage", Role.EDITOR) == project


def test_a_role_that_was_taken_away_counts_at_once(erin: User, project: Project) -> None:
    project_for(erin, "support-triage")
    project.memberships.get(user=erin).delete()
    with pytest.raises(Http404):
        project_for(erin, "support-triage")


def test_someone_who_was_switched_off_is_an_outsider(erin: User) -> None:
    erin.is_active = False
    erin.save()
    with pytest.raises(Http404):
        project_for(erin, "support-triage")


@pytest.mark.parametrize(
    ("name", "permitted"),
    [
        ("alice", set(Role)),
        ("bob", {Role.VIEWER, Role.EDITOR, Role.REVIEWER}),
        ("erin", {Role.VIEWER, Role.EDITOR}),
        ("carol", {Role.VIEWER}),
        ("dave", set()),
    ],
)
def test_a_role_may_what_lower_ones_may_and_no_more(
    name: str, permitted: set[Role], project: Project, request: pytest.FixtureRequest
) -> None:
    user: User = request.getfixturevalue(name)
    assert {role for role in Role if gets_in(user, role)} == permitted


def gets_in(user: User, role: Role) -> bool:
    try:
        project_for(user, "support-triage", role)
    except (RoleTooLow, Http404):
        return False
    return True

"""Who gets in, and what they are told who do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from promptlab.accounts.models import ApiToken, Project, User
from promptlab.accounts.tokens import create_token, revoke
from tests.api.conftest import HERE, JSON, ApiOf
from tests.promptlab.runs.scene import Scene


def bearer(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


def test_without_a_token_the_answer_says_where_to_get_one(project: Project) -> None:
    answer = Client().get(f"{HERE}/datasets")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert "API tokens page" in answer.json()["detail"]
    assert answer.json()["problems"] == []


def test_being_signed_in_on_pages_is_not_enough(
    alice: User, client_of: Callable[[User], Client]
) -> None:
    assert client_of(alice).get(f"{HERE}/datasets").status_code == 401


@pytest.mark.parametrize("header", ["Bearer plab_wrong", "Basic abc", "Bearer ", "Bearer \x7f"])
def test_a_wrong_token_is_refused(project: Project, header: str) -> None:
    answer = Client(headers={"Authorization": header}).get(f"{HERE}/datasets")
    assert answer.status_code == 401


def expire(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def switch_off(token: ApiToken) -> None:
    User.objects.filter(pk=token.user_id).update(is_active=False)


@pytest.mark.parametrize("end", [revoke, expire, switch_off])
def test_a_token_that_has_ended_is_refused(erin: User, end: Callable[[ApiToken], None]) -> None:
    token, secret = create_token(erin, "ended")
    assert bearer(secret).get(f"{HERE}/datasets").status_code == 200
    end(token)
    answer = bearer(secret).get(f"{HERE}/datasets")
    assert answer.status_code == 401
    assert "expired or revoked" in answer.json()["detail"]


def test_a_reading_token_reads_and_estimates_but_changes_nothing(erin: User, scene: Scene) -> None:
    _token, secret = create_token(erin, "reads", read_only=True)
    wish = {"program": scene.program.pk, "dataset": scene.dataset.pk}
    assert bearer(secret).get(f"{HERE}/runs").status_code == 200
    estimate = bearer(secret).post(f"{HERE}/runs/estimate", wish, JSON)
    assert estimate.status_code == 200
    refused = bearer(secret).post(f"{HERE}/runs", wish, JSON)
    assert refused.status_code == 403
    assert "may only read" in refused.json()["detail"]
    assert scene.project.runs.count() == 0


def test_callers_see_their_own_projects_only(alice: User, dave: User, api_of: ApiOf) -> None:
    found = api_of(alice).get("/api/v1/projects").json()
    assert [(p["slug"], p["role"]) for p in found["items"]] == [("support-triage", "admin")]
    assert api_of(alice).get("/api/v1/projects/daves-own").status_code == 404
    one = api_of(dave).get("/api/v1/projects/daves-own").json()
    assert one == {
        "slug": "daves-own", "name": "Dave's own", "role": "admin", "requires_second_person": False,
    }  # fmt: skip


def test_a_role_is_read_anew_at_every_call(erin: User, project: Project, api_of: ApiOf) -> None:
    client = api_of(erin)
    wish = {"name": "m", "kind": "exact_match", "output": "a", "expected": "a"}
    assert client.post(f"{HERE}/metrics", wish, JSON).status_code == 201
    project.memberships.filter(user=erin).update(role="viewer")
    refused = client.post(f"{HERE}/metrics", wish | {"name": "n"}, JSON)
    assert refused.status_code == 403
    assert "You are a viewer of this project" in refused.json()["detail"]

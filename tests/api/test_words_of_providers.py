"""What a provider said is told over the API to who may edit providers, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from optimizer.models import Outcome as OutcomeRow
from optimizer.models import Run
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from tests.api.conftest import JSON, ApiOf
from tests.api.operations import operations
from tests.api.test_access import BODIES
from tests.evaluations import with_check
from tests.promptlab.runs.scene import Scene
from tests.promptlab.streams import whole

BODY = "router 7731, password hunter2"
WITH_WORDS = {"list_providers", "get_run", "get_outcome"}


@pytest.fixture
def said(values: dict[str, Any], scene: Scene, finished: ProjectRun) -> dict[str, Any]:
    """Everything that can fail has failed, and the provider had something to say each time."""
    Run.objects.filter(pk=finished.run_id).update(
        status=Run.Status.FAILED, message="The provider refuses the calls.", said=BODY
    )
    with_check(scene.provider, works=False, message="It answered 401.", said=BODY)
    for row in OutcomeRow.objects.filter(exchange__run=finished.run_id, example=values["example"]):
        row.score, row.error = None, "It answered 400."
        row.data = {**row.data, "score": None, "error": row.error, "said": BODY}
        row.save()
    return values


def with_words(client: Client, values: dict[str, Any]) -> set[str]:
    found = set()
    for operation in operations():
        address = operation.path.format(**values)
        if operation.method == "get":
            answer = client.get(address)
        elif operation.name in ("estimate_run", "measure_run"):
            answer = client.post(address, BODIES[operation.name], JSON)
        else:
            continue
        if BODY in whole(answer):
            found.add(operation.name)
    return found


def test_only_admins_read_what_a_provider_said(
    said: dict[str, Any],
    alice: User, bob: User, erin: User, carol: User,
    api_of: ApiOf,
) -> None:  # fmt: skip
    for user in (carol, erin, bob):
        assert with_words(api_of(user), said) == set()
    assert with_words(api_of(alice), said) == WITH_WORDS


def test_others_read_what_it_means(said: dict[str, Any], carol: User, api_of: ApiOf) -> None:
    run = api_of(carol).get("/api/v1/projects/support-triage/runs/1").json()
    assert run["message"] == (
        "The provider refuses the calls. An admin of the project can read what it said."
    )

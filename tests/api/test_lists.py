"""Lists cost the same few queries however long they are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from tests.api.conftest import HERE, SMALL, ApiOf
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene, play


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_runs_and_versions_cost_no_more_when_there_are_more(
    alice: User, bob: User, scene: Scene, finished: ProjectRun, api_of: ApiOf
) -> None:
    client = api_of(alice)
    lists = [f"{HERE}/{noun}" for noun in ("runs", "versions", "programs", "datasets", "metrics")]
    _approve_best(finished, bob)
    few = {address: queries(client, address) for address in lists}
    _approve_best(play(scene.start(settings=SMALL)), bob)
    assert {address: queries(client, address) for address in lists} == few
    assert max(few.values()) <= 8


@pytest.mark.parametrize("rest", ["trials", "candidates", "events", "candidates/1/outcomes"])
def test_parts_of_a_run_cost_few_queries(
    carol: User, finished: ProjectRun, api_of: ApiOf, rest: str
) -> None:
    assert queries(api_of(carol), f"{HERE}/runs/1/{rest}?limit=200") <= 10


def _approve_best(project_run: ProjectRun, by: User) -> None:
    assert project_run.run.best_candidate is not None
    approve(project_run, project_run.run.best_candidate, by, "Fine.")

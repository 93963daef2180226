"""A wish to start a run is parsed once, estimated once and checked once, wherever it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from optimizer.jobs import forecast
from promptlab.accounts.models import User
from promptlab.accounts.tokens import create_token
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting import planning
from promptlab.runs.starting.forms import RunForm
from tests.promptlab.runs.new_run_form import NEW, Post
from tests.promptlab.runs.scene import Scene

ClientOf = Callable[[User], Client]
API = "/api/v1/projects/support-triage/runs"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each was done."""
    found: Counter[str] = Counter()

    def count(owner: Any, name: str, what: str) -> None:
        inner = getattr(owner, name)

        def outer(*args: Any, **named: Any) -> Any:
            found[what] += 1
            return inner(*args, **named)

        monkeypatch.setattr(owner, name, outer)

    count(forecast, "estimate", "estimates")
    count(planning, "check", "checks")
    count(RunForm, "__init__", "forms")
    return found


def test_pressing_optimize_looks_once(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post, counted: Counter[str]
) -> None:
    client = client_of(erin)
    counted.clear()
    assert client.post(NEW, filled).status_code == 302
    assert ProjectRun.objects.count() == 1
    assert counted == {"estimates": 1, "checks": 1, "forms": 1}


def test_starting_by_the_api_looks_once(
    scene: Scene, erin: User, client: Client, counted: Counter[str]
) -> None:
    key = create_token(erin, "test")[1]
    wish = {"program": scene.program.pk, "dataset": scene.dataset.pk}
    answer = client.post(
        API, wish, content_type="application/json", headers={"authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 201, answer.content
    assert ProjectRun.objects.count() == 1
    assert counted == {"estimates": 1, "checks": 1, "forms": 1}
    limits = ProjectRun.objects.get().run
    assert (limits.max_calls, limits.max_cost) > (0, 0)

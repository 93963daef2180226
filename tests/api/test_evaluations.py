"""Evaluations over the API: the same forms, checks and runs as on the pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from optimizer.core.programs.demo import Demo
from optimizer.running import snapshots
from optimizer.running.prompts import prompts_of
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from tests.promptlab.runs.scene import Scene, play

ApiOf = Callable[..., Client]
ROOT = "/api/v1/projects/support-triage"


def sent(client: Client, path: str, body: Any = None) -> HttpResponse:
    return client.post(f"{ROOT}/{path}", json.dumps(body or {}), content_type="application/json")


def latest() -> ProjectRun:
    return ProjectRun.objects.select_related("run").latest("number")


def problems(answer: HttpResponse) -> str:
    return json.dumps(answer.json(), ensure_ascii=False)


def test_a_program_is_scored_with_what_is_given_and_caps_follow(
    scene: Scene, finished: ProjectRun, erin: User, api_of: ApiOf
) -> None:
    two = [{"provider": scene.provider.pk, "model": f"scripted-{n}"} for n in (1, 2)]
    body = {
        "program": scene.program.pk, "dataset": scene.dataset.pk, "given": ["1.1"], "models": two,
    }  # fmt: skip
    answer = sent(api_of(erin), "evaluations", body)
    assert answer.status_code == 201, answer.content
    assert answer.json()["optimizer"] == "evaluation"
    spec = snapshots.thaw(latest().run)
    assert len(spec.given) == len(spec.further_task_models) == 1
    assert 1.1 * 4 * len(spec.validation) * 2 < spec.limits.max_calls < 500


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"given": ["9.9"]}, "9.9 is not one of the available choices"),
        ({"rows": "failed.7"}, "failed.7 is not one"),
        ({"draws": 3}, "every draw is the same"),
        ({"where": {"intent": "nothing"}}, "No row is left"),
        ({"where": {"nothing": "x"}}, "nothing is not one"),
        ({"program": 0}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_field(
    scene: Scene, erin: User, api_of: ApiOf, change: dict[str, Any], told: str
) -> None:
    body = {"program": scene.program.pk, "dataset": scene.dataset.pk} | change
    answer = sent(api_of(erin), "evaluations", body)
    assert answer.status_code == 422
    assert told in problems(answer)
    assert not ProjectRun.objects.exists()


def test_a_candidate_is_edited_and_joins_its_run(
    finished: ProjectRun, erin: User, api_of: ApiOf
) -> None:
    best = finished.run.best_candidate
    before = prompts_of(best)
    module = max(before.modules, key=lambda name: len(tuple(before.modules[name].demos)))
    count = len(tuple(before.modules[module].demos))
    order = list(range(count, 0, -1))
    edit = {"modules": {module: {"demos": order}, "find_clues": {"instruction": "List the clues."}}}
    path = f"runs/{finished.number}/candidates/{best.number}/edit"
    answer = sent(api_of(erin), path, edit)
    assert answer.status_code == 201, answer.content
    (given,) = snapshots.thaw(latest().run).given
    assert given.modules["find_clues"].instruction == "List the clues."
    assert tuple(given.modules[module].demos) == tuple(before.modules[module].demos)[::-1]
    new = {"message": "Money!", "intent": "refund"}
    edit = {"modules": {"classify_intent": {"demos": [new]}}}
    assert sent(api_of(erin), path, edit).status_code == 201
    (other,) = snapshots.thaw(latest().run).given
    assert other.modules["classify_intent"].demos == (Demo(new),)
    play(latest())
    assert finished.run.candidates.filter(digest=other.digest).exists()


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        ({"nobody": {}}, "There is no module “nobody”"),
        ({"classify_intent": {"demos": [99]}}, "There is no demo 99"),
        ({"classify_intent": {"demos": [{"mesage": "Money!"}]}}, "mesage"),
        ({"classify_intent": {"demos": [{"message": "Money!", "intent": "none"}]}}, "none"),
        ({"classify_intent": {"demos": [{}]}}, "output"),
        ({"classify_intent": {"instruction": "x" * 20_001}}, "20000"),
    ],
)
def test_an_edit_of_what_is_not_there_is_refused(
    finished: ProjectRun, erin: User, api_of: ApiOf, modules: dict[str, Any], told: str
) -> None:
    path = f"runs/{finished.number}/candidates/0/edit"
    answer = sent(api_of(erin), path, {"modules": modules})
    assert answer.status_code == 422
    assert told in problems(answer)


def test_a_candidate_is_scored_and_a_search_goes_on_from_it(
    scene: Scene, finished: ProjectRun, erin: User, api_of: ApiOf
) -> None:
    client = api_of(erin)
    assert sent(client, f"runs/{finished.number}/candidates/1/score?test=true").status_code == 201
    assert snapshots.thaw(latest().run).test
    wish = {
        "program": scene.program.pk,
        "dataset": scene.dataset.pk,
        "start": f"{finished.number}.1",
    }
    assert sent(client, "runs", wish).status_code == 201
    assert latest().origin == finished
    gone = sent(client, "runs", wish | {"start": "1.99"})
    assert gone.status_code == 422
    assert "is not there" in problems(gone)


def test_an_edit_that_changes_nothing_says_whose_prompts_these_are(
    finished: ProjectRun, erin: User, api_of: ApiOf
) -> None:
    for candidate in (0, 1):
        path = f"runs/{finished.number}/candidates/{candidate}/edit"
        answer = sent(api_of(erin), path, {"modules": {}})
        assert answer.status_code == 409
        assert f"the prompts of candidate {candidate} as they are" in problems(answer)


def test_a_run_that_goes_takes_nobody_in(halfway: ProjectRun, erin: User, api_of: ApiOf) -> None:
    answer = sent(api_of(erin), f"runs/{halfway.number}/candidates/0/score")
    assert answer.status_code == 409
    assert "has not ended" in problems(answer)

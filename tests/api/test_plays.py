"""The playground over the API."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.running import snapshots
from promptlab.accounts.models import User
from promptlab.runs.models import Play, ProjectRun
from tests import evaluations
from tests.api.conftest import HERE, JSON, ApiOf
from tests.promptlab.runs.playing.test_playground import outcome_of
from tests.promptlab.runs.scene import Scene

PLAYS = f"{HERE}/plays"


def wish(scene: Scene, run: ProjectRun, **changes: Any) -> dict[str, Any]:
    assert run.run.best_candidate is not None
    row = scene.dataset.examples.order_by("position")[0]
    wished: dict[str, Any] = {
        "columns": [
            {"program": scene.program.pk},
            {
                "candidate": f"{run.number}.{run.run.best_candidate.number}",
                "model": {"provider": scene.provider.pk, "model": "scripted-2"},
                "modules": {"classify_intent": {"instruction": "Name it by {clues}."}},
            },
        ],
        "rows": [{"dataset": scene.dataset.pk, "id": row.key}, {"inputs": {"message": "Hm?"}}],
        "metric": scene.metric.pk,
    }
    return wished | changes


def test_prompts_are_played_and_read(
    scene: Scene, finished: ProjectRun, erin: User, carol: User, api_of: ApiOf
) -> None:
    client = api_of(erin)
    asked = wish(scene, finished)
    told = client.post(f"{PLAYS}/estimate", asked, JSON).json()
    assert told["calls"] == 8  # two columns, two rows, two steps
    assert 0 < told["dollars"] < told["cap"]
    assert not Play.objects.exists()
    made = client.post(PLAYS, asked, JSON)
    assert made.status_code == 201, made.content
    play = Play.objects.get()
    for part in play.parts.all():
        spec = snapshots.thawed(part.run, EvaluationSpec)
        evaluations.answered(part.run, *(outcome_of(example) for example in spec.examples))
    found = api_of(carol).get(f"{PLAYS}/{made.json()['id']}").json()
    assert (found["waits"], len(found["rows"])) == (False, 2)
    first, second = found["columns"]
    assert [first["model"], second["model"]] == ["scripted-1", "scripted-2"]
    assert [first["edited"], second["edited"]] == [False, True]
    scored, answered = second["answers"]
    assert (scored["state"], scored["score"], scored["reason"]) == ("done", 1.0, "as expected")
    assert answered["score"] is None
    assert "Name it by" in str(scored["calls"])


def test_a_play_is_stopped(scene: Scene, finished: ProjectRun, erin: User, api_of: ApiOf) -> None:
    client = api_of(erin)
    made = client.post(PLAYS, wish(scene, finished, dollars=0.004), JSON).json()
    assert made["waits"]
    caps = [part.run.max_cost for part in Play.objects.get().parts.all()]
    assert 3_990 <= sum(cap or 0 for cap in caps) <= 4_000
    assert not client.post(f"{PLAYS}/{made['id']}/stop", {}, JSON).json()["waits"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"columns": []}, "Add a column first"),
        ({"rows": []}, "Add a row to try the prompts on"),
        ({"columns": [{}]}, "Say either a program or a candidate"),
        ({"columns": [{"program": 1, "candidate": "1.2"}]}, "Say either a program or a candidate"),
        ({"columns": [{"candidate": "1.999"}]}, "There is no “1.999”"),
        ({"columns": [{"candidate": "1.0", "modules": {"x": {}}}]}, "There is no module “x”"),
        (
            {"columns": [{"candidate": "1.0", "model": {"provider": 0, "model": "x"}}]},
            "Column 1: Model: Select a valid choice",
        ),
        ({"columns": [{"candidate": "1.0"}] * 5}, "At most 4 columns, and 8 rows"),
        ({"rows": [{"inputs": {"message": "a"}}] * 9}, "At most 4 columns, and 8 rows"),
        ({"rows": [{"dataset": 0, "id": "1"}]}, "There is no such row"),
        ({"rows": [{"id": "1"}]}, "Say either a dataset with the id of its row"),
        ({"rows": [{"inputs": {"massage": "a"}}]}, "No column takes “massage”"),
        ({"rows": [{"inputs": {}}]}, "Row 1: message: This field is required"),
        ({"metric": 0}, "Metric: Select a valid choice"),
        ({"dollars": -1}, "At most dollars: "),
    ],
)
def test_what_cannot_be_played_is_refused_in_words(
    changes: dict[str, Any], told: str, scene: Scene, finished: ProjectRun, erin: User,
    api_of: ApiOf,
) -> None:  # fmt: skip
    answer = api_of(erin).post(PLAYS, wish(scene, finished, **changes), JSON)
    assert answer.status_code == 422
    assert told in answer.json()["detail"], answer.json()["detail"]
    assert not Play.objects.exists()

"""Runs over the API: estimate, start, watch, stop."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.signature import Field
from optimizer.jobs import controls
from optimizer.models import Provider, Run, RunEvent
from promptlab.accounts.models import User
from promptlab.programs.services import create_program
from promptlab.programs.starters import one_module
from promptlab.runs.models import ProjectRun
from tests.api.conftest import HERE, JSON, ApiOf
from tests.evaluations import ended, with_check
from tests.promptlab.runs.scene import Scene, say_nothing
from tests.promptlab.runs.starting.test_measuring import count, measured, newest


def wish_for(scene: Scene, **changes: Any) -> dict[str, Any]:
    wish = {
        "program": scene.program.pk,
        "dataset": scene.dataset.pk,
        "models": {"task": {"provider": scene.provider.pk, "model": "scripted-1"}},
    }
    return wish | changes


def test_an_estimate_says_what_a_run_would_take_and_starts_nothing(
    erin: User, scene: Scene, api_of: ApiOf
) -> None:
    answer = api_of(erin).post(f"{HERE}/runs/estimate", wish_for(scene), JSON)
    assert answer.status_code == 200
    found = answer.json()
    assert 0 < found["calls"]["low"] <= found["calls"]["high"]
    assert 0 < found["dollars"]["low"] <= found["dollars"]["high"]
    assert found["limits"]["calls"] >= found["calls"]["high"]
    assert found["limits"]["dollars"] >= found["dollars"]["high"]
    assert found["can_start"] is True
    assert not Run.objects.filter(task=Run.Task.OPTIMIZE).exists()


def test_a_measured_check_makes_the_estimate_a_known_one(
    erin: User, scene: Scene, api_of: ApiOf
) -> None:
    client, wish = api_of(erin), wish_for(scene)
    guess = client.post(f"{HERE}/runs/estimate", wish, JSON).json()
    assert guess["measured"]["state"] == ""
    answer = client.post(f"{HERE}/runs/measure", wish, JSON)
    assert (answer.status_code, answer.json()["measured"]["state"]) == (202, "waiting")
    measured(tokens=9000)
    known = client.post(f"{HERE}/runs/estimate", wish, JSON).json()
    assert (known["measured"]["state"], known["measured"]["examples"]) == ("done", 5)
    assert known["measured"]["prompt_tokens"] == {"low": 9000, "high": 9000}
    assert known["tokens"]["low"] > guess["tokens"]["high"]
    assert known["dollars"]["low"] > guess["dollars"]["high"]
    assert known["calls"] == guess["calls"]
    ended(newest(), "failed", message="answered 401")
    failed = client.post(f"{HERE}/runs/estimate", wish, JSON).json()
    assert (failed["measured"]["state"], failed["measured"]["problem"]) == (
        "failed", "answered 401",
    )  # fmt: skip
    assert failed["tokens"] == guess["tokens"]


def test_a_time_limit_is_taken_and_told(erin: User, scene: Scene, api_of: ApiOf) -> None:
    client = api_of(erin)
    made = client.post(f"{HERE}/runs", wish_for(scene, limits={"minutes": 30}), JSON).json()
    assert made["max_minutes"] == 30
    assert Run.objects.get(task=Run.Task.OPTIMIZE).spec["limits"]["max_seconds"] == 1800
    odd = client.post(f"{HERE}/runs", wish_for(scene, limits={"minutes": 0}), JSON)
    assert odd.json()["problems"][0]["field"] == "limits.minutes"


def test_what_cannot_run_cannot_be_measured(erin: User, scene: Scene, api_of: ApiOf) -> None:
    scene.dataset.examples.all().delete()
    answer = api_of(erin).post(f"{HERE}/runs/measure", wish_for(scene), JSON)
    assert answer.status_code == 422
    assert "no example to measure with" in answer.json()["detail"]
    assert count() == 0


def test_an_editor_starts_a_run_with_what_the_page_suggests(
    erin: User, scene: Scene, api_of: ApiOf
) -> None:
    answer = api_of(erin).post(f"{HERE}/runs", wish_for(scene), JSON)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["number"], made["status"], made["optimizer"]) == (1, "queued", "racing")
    assert made["program"] == {"id": scene.program.pk, "name": "Support triage"}
    assert made["metric"]["id"] == scene.metric.pk
    models = {m["role"]: m["model"] for m in made["models"]}
    assert models["task"] == models["optimizer"] == "scripted-1"
    assert made["limits"]["calls"] > 0
    assert made["started_by"] == "erin@example.org"
    assert made["examples"] == {"train": 20, "validation": 20, "test": 10}
    project_run = ProjectRun.objects.get()
    assert (project_run.number, project_run.started_by) == (1, erin)
    assert project_run.run.spec["settings"]["effort"] == "light"


def test_own_settings_models_and_caps_are_taken_as_they_are(
    erin: User, scene: Scene, api_of: ApiOf
) -> None:
    wish = wish_for(
        scene, settings={"trials": 7, "minibatch_size": 12}, limits={"calls": 900, "dollars": None},
        seed=5, optimizer="mipro",
    )  # fmt: skip
    wish["models"]["optimizer"] = {"provider": scene.provider.pk, "model": "scripted-2"}
    made = api_of(erin).post(f"{HERE}/runs", wish, JSON).json()
    assert made["effort"] == "custom"
    assert (made["settings"]["trials"], made["settings"]["minibatch_size"]) == (7, 12)
    assert made["limits"] == {"calls": 900, "dollars": None}
    assert made["seed"] == 5
    assert ("optimizer", "scripted-2") in {(m["role"], m["model"]) for m in made["models"]}


def test_rounds_of_proposals_are_taken_and_told(erin: User, scene: Scene, api_of: ApiOf) -> None:
    wish = wish_for(scene, settings={"rounds": 3})
    made = api_of(erin).post(f"{HERE}/runs", wish, JSON).json()
    assert (made["optimizer"], made["settings"]["rounds"]) == ("racing", 3)
    odd = wish_for(scene, settings={"rounds": -1})
    told = api_of(erin).post(f"{HERE}/runs", odd, JSON).json()
    assert told["problems"][0]["field"] == "settings.rounds"


def test_own_settings_are_as_in_the_wished_effort_where_they_are_left_out(
    erin: User, scene: Scene, api_of: ApiOf
) -> None:
    wish = wish_for(scene, effort="heavy", settings={"minibatch_size": 12})
    made = api_of(erin).post(f"{HERE}/runs", wish, JSON).json()
    settings = made["settings"]
    assert made["effort"] == "custom"
    assert (settings["trials"], settings["minibatch_size"], settings["rounds"]) == (750, 12, 4)


def test_a_setting_of_which_the_optimizer_makes_no_use_is_refused(
    erin: User, scene: Scene, api_of: ApiOf
) -> None:
    wish = wish_for(scene, optimizer="module_opro", settings={"minibatch_size": 12, "trials": 3})
    answer = api_of(erin).post(f"{HERE}/runs", wish, JSON)
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert problem["field"] == "settings.minibatch_size"
    assert "does nothing in “module_opro”: leave it out" in problem["message"]
    assert not Run.objects.filter(task=Run.Task.OPTIMIZE).exists()


def test_zero_shot_keeps_its_own_settings(erin: User, scene: Scene, api_of: ApiOf) -> None:
    wish = wish_for(scene, optimizer="zero_shot_mipro", settings={"trials": 5})
    made = api_of(erin).post(f"{HERE}/runs", wish, JSON).json()
    assert made["settings"]["demo_sets"] == 1


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"program": 0}, "program"),
        ({"dataset": 999_999}, "dataset"),
        ({"metric": 999_999}, "metric"),
        ({"optimizer": "gepa"}, "optimizer"),
        ({"models": {"task": {"provider": 0, "model": "x"}}}, "models.task"),
        ({"models": {"judge": {"provider": 0, "model": "x"}}}, "models.judge"),
        ({"limits": {"calls": 0}}, "limits.calls"),
        ({"limits": {"calls": 3}}, "limits.calls"),
        ({"limits": {"dollars": -1}}, "limits.dollars"),
        ({"limits": {"cals": 3}}, "limits.cals"),
        ({"settings": {"trials": 0}}, "settings.trials"),
        ({"effort": "enormous"}, "effort"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_is_wrong_with_a_wish_is_told_at_its_place_and_nothing_starts(
    erin: User, scene: Scene, api_of: ApiOf, change: dict[str, Any], place: str
) -> None:
    answer = api_of(erin).post(f"{HERE}/runs", wish_for(scene, **change), JSON)
    assert answer.status_code == 422
    assert any(p["field"].startswith(place) for p in answer.json()["problems"])
    assert answer.json()["detail"]
    assert not Run.objects.filter(task=Run.Task.OPTIMIZE).exists()


def test_a_check_that_fails_keeps_the_run_from_starting(
    erin: User, scene: Scene, api_of: ApiOf
) -> None:
    with_check(scene.provider, works=False, message="The key is wrong.")
    estimate = api_of(erin).post(f"{HERE}/runs/estimate", wish_for(scene), JSON).json()
    assert estimate["can_start"] is False
    answer = api_of(erin).post(f"{HERE}/runs", wish_for(scene), JSON)
    assert answer.status_code == 422
    problem = answer.json()["problems"][0]
    assert problem["field"] == "models.task"
    assert "The key is wrong." in problem["message"]


def test_a_dollar_cap_needs_a_known_price(erin: User, scene: Scene, api_of: ApiOf) -> None:
    Provider.objects.filter(pk=scene.provider.pk).update(input_price=None, output_price=None)
    wish = wish_for(scene, limits={"dollars": 1})
    answer = api_of(erin).post(f"{HERE}/runs", wish, JSON)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "limits.dollars"


def test_a_finished_run_shows_scores_with_n_and_interval(
    carol: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    found = api_of(carol).get(f"{HERE}/runs/{finished.number}").json()
    assert (found["status"], found["stop_reason"]) == ("finished", "completed")
    assert found["progress"] == 1.0
    for score in (found["baseline"], found["best"]):
        assert score["n"] + score["errors"] == 20
        assert 0 <= score["low"] <= score["mean"] <= score["high"] <= 1
    assert found["comparison"]["verdict"] in {"better", "no_worse", "tied", "worse"}
    assert found["comparison"]["n"] <= 20
    assert "Candidate" in found["verdict"] or "baseline stays" in found["verdict"]
    assert found["test"]["best"]["n"] <= 10
    assert (found["test"]["split"], found["test"]["look"]) == ("test", 1)
    assert found["expected"]["mean"] <= found["best"]["mean"]
    assert found["expected"]["low"] <= found["expected"]["mean"] <= found["expected"]["high"]
    said = found["conclusion"]
    assert said["kept"] == (said["kind"] in {"tied", "worse", "unknown", "unchanged"})
    assert said["sentence"]
    assert found["spent"]["calls"] > 0
    assert found["last_event"] == Run.objects.get(task=Run.Task.OPTIMIZE).last_seq


def test_the_list_is_narrowed_and_paged(
    carol: User, scene: Scene, finished: ProjectRun, api_of: ApiOf
) -> None:
    scene.start()
    client = api_of(carol)
    everything = client.get(f"{HERE}/runs").json()
    assert [r["number"] for r in everything["items"]] == [2, 1]
    assert everything["count"] == 2
    queued = client.get(f"{HERE}/runs?status=queued").json()
    assert [r["number"] for r in queued["items"]] == [2]
    one = client.get(f"{HERE}/runs?limit=1&offset=1&program={scene.program.pk}").json()
    assert [r["number"] for r in one["items"]] == [1]
    assert client.get(f"{HERE}/runs?status=odd").status_code == 422
    assert client.get(f"{HERE}/runs?optimizer=mipro").json()["count"] > 0
    assert client.get(f"{HERE}/runs?optimizer=no-such").json()["count"] == 0


def test_events_are_read_on_from_any_of_them(
    carol: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    client, seen, after = api_of(carol), [], 0
    while True:
        page = client.get(f"{HERE}/runs/1/events?after={after}&limit=20").json()
        if not page["items"]:
            break
        seen += page["items"]
        after = page["items"][-1]["seq"]
    assert page["ended"] is True
    assert [e["seq"] for e in seen] == list(RunEvent.objects.values_list("seq", flat=True))
    assert seen[0]["kind"] == "phase_started"
    assert {"trial_started", "full_scored", "minibatch_scored"} <= {e["kind"] for e in seen}


def test_trials_tell_full_and_minibatch_scores_apart(
    carol: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    page = api_of(carol).get(f"{HERE}/runs/1/trials?limit=200").json()
    assert [t["number"] for t in page["items"]] == list(range(page["count"]))
    baseline, rest = page["items"][0], page["items"][1:]
    assert (baseline["kind"], baseline["candidate"], baseline["size"]) == ("full", 0, 20)
    assert {(t["kind"], t["size"]) for t in rest} == {("full", 20), ("minibatch", 8)}
    assert all(t["score"]["n"] + t["score"]["errors"] == t["size"] for t in rest)


def test_a_run_is_paused_resumed_and_cancelled(erin: User, scene: Scene, api_of: ApiOf) -> None:
    scene.start()
    client = api_of(erin)
    assert client.post(f"{HERE}/runs/1/pause").json()["status"] == "paused"
    assert client.post(f"{HERE}/runs/1/resume").json()["status"] == "queued"
    assert client.post(f"{HERE}/runs/1/cancel").json()["status"] == "cancelled"
    refused = client.post(f"{HERE}/runs/1/resume")
    assert refused.status_code == 409
    assert refused.json()["detail"] == "A run that is cancelled cannot be resumed."


def test_caps_are_changed_while_it_goes_on(erin: User, scene: Scene, api_of: ApiOf) -> None:
    scene.start()
    client = api_of(erin)
    changed = client.put(f"{HERE}/runs/1/limits", {"calls": 7000, "dollars": 3.5}, JSON)
    assert changed.json()["limits"] == {"calls": 7000, "dollars": 3.5}
    Run.objects.update(used_calls=100)
    below = client.put(f"{HERE}/runs/1/limits", {"calls": 50}, JSON)
    assert below.status_code == 409
    assert "spent already" in below.json()["detail"]
    wrong = client.put(f"{HERE}/runs/1/limits", {"calls": 0}, JSON)
    assert wrong.json()["problems"][0]["field"] == "limits.calls"


def test_a_running_run_shows_its_progress(carol: User, halfway: ProjectRun, api_of: ApiOf) -> None:
    found = api_of(carol).get(f"{HERE}/runs/1").json()
    assert found["status"] == "running"
    assert 0 < found["progress"] < 1
    assert 0 < found["trials"] < found["trials_planned"]
    assert found["verdict"] == ""
    assert found["test"] is None


def test_a_run_that_is_not_there_is_said_so(carol: User, scene: Scene, api_of: ApiOf) -> None:
    for rest in ("", "/events", "/trials", "/candidates", "/candidates/0"):
        assert api_of(carol).get(f"{HERE}/runs/7{rest}").status_code == 404


def test_every_optimizer_is_listed_with_what_its_efforts_mean_for_a_program(
    carol: User, scene: Scene, api_of: ApiOf
) -> None:
    client = api_of(carol)
    page = client.get(f"{HERE}/optimizers").json()
    assert [one["name"] for one in page["items"]] == list(OPTIMIZERS)
    assert page["items"][0]["efforts"]["light"]["trials"] == 40
    two = client.get(f"{HERE}/optimizers?program={scene.program.pk}").json()["items"]
    assert two[0]["efforts"]["light"]["trials"] == 60
    for one in two:
        assert set(one["efforts"]["heavy"]) == OPTIMIZERS[one["name"]].uses
    assert client.get(f"{HERE}/optimizers?program=999999").status_code == 404


def test_a_run_that_waits_for_a_look_at_its_replies_shows_them(
    scene: Scene, carol: User, api_of: ApiOf
) -> None:
    said = "I <b>cannot</b> say that"
    project_run = say_nothing(scene.start(), said)
    found = api_of(carol).get(f"{HERE}/runs/{project_run.number}").json()
    assert (found["status"], found["stop_reason"]) == ("paused", "unreadable")
    assert "none has a reply that could be read" in found["message"]
    unread, n = found["unread"], found["examples"]["validation"]
    assert (unread["examples"], unread["readable"], unread["failed"]) == (n, 0, 0)
    assert unread["problems"] == [
        {"problem": "find_clues: The reply is no JSON object", "examples": n}
    ]
    (sample,) = unread["samples"]
    assert (sample["reply"], sample["failed"]) == (said, False)
    controls.resume(project_run.run_id)
    assert api_of(carol).get(f"{HERE}/runs/{project_run.number}").json()["unread"] is None


def test_a_run_says_which_column_an_input_is_read_from(
    erin: User, scene: Scene, api_of: ApiOf
) -> None:
    drawn = one_module("Reply", (Field("text"),), (Field("intent"),))
    program = create_program(scene.project, scene.by, "Renamed", drawn)
    wish = {"program": program.pk, "dataset": scene.dataset.pk}
    odd = api_of(erin).post(f"{HERE}/runs", wish | {"columns": {"text": "nowhere"}}, JSON)
    assert odd.status_code == 422
    assert [p["field"] for p in odd.json()["problems"]] == ["columns.text"]
    made = api_of(erin).post(f"{HERE}/runs", wish | {"columns": {"text": "intent"}}, JSON)
    assert made.status_code == 201, made.content
    assert ProjectRun.objects.get().input_columns == {"text": "intent"}

"""Candidates over the API: prompts, and wins and losses against the baseline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from tests.api.conftest import HERE, ApiOf
from tests.promptlab.runs.scene import Scene, play

CANDIDATES = f"{HERE}/runs/1/candidates"


@pytest.fixture
def best(finished: ProjectRun) -> int:
    assert finished.run.best_candidate is not None
    return finished.run.best_candidate.number


def test_the_baseline_comes_first_and_every_candidate_has_its_trials(
    carol: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    page = api_of(carol).get(f"{CANDIDATES}?limit=200").json()
    rows = page["items"]
    assert [c["number"] for c in rows] == list(range(page["count"]))
    assert (rows[0]["code"], rows[0]["trials"]) == ("baseline", [0])
    assert rows[0]["full"]["mean"] == finished.run.baseline_score["mean"]
    assert any(c["full"] is None for c in rows)
    for row in rows:
        so_far = row["so_far"]
        assert 0 < so_far["n"] <= rows[0]["full"]["n"]
        assert so_far["low"] <= so_far["mean"] <= so_far["high"]
        assert row["full"] is None or so_far["n"] == row["full"]["n"]


def test_a_candidate_shows_every_modules_instruction_and_demos(
    carol: User, best: int, api_of: ApiOf
) -> None:
    found = api_of(carol).get(f"{CANDIDATES}/{best}").json()
    assert set(found["modules"]) == {"find_clues", "classify_intent"}
    assert all(set(prompt) == {"instruction", "demos"} for prompt in found["modules"].values())
    baseline = api_of(carol).get(f"{CANDIDATES}/0").json()
    assert baseline["modules"] != found["modules"]
    assert baseline["modules"]["find_clues"] == {
        "instruction": "List what the {message} is about.", "demos": [],
    }  # fmt: skip


def test_demos_chosen_for_each_input_are_an_object_and_an_example_says_which_rows_it_was_shown(
    carol: User, scene: Scene, api_of: ApiOf
) -> None:
    settings = replace(scene.run_request().settings, demo_sets=2, nearest_demos=4)
    play(scene.start(optimizer="bayesian_bootstrap", settings=settings))
    client = api_of(carol)
    numbers = [c["number"] for c in client.get(f"{CANDIDATES}?limit=200").json()["items"]]
    found = ((n, client.get(f"{CANDIDATES}/{n}").json()["modules"]) for n in numbers)
    number, modules = next(
        (n, m) for n, m in found if isinstance(m["classify_intent"]["demos"], dict)
    )
    demos = modules["classify_intent"]["demos"]
    rows = {demo["example"] for demo in demos["pool"]["demos"]}
    first = client.get(f"{CANDIDATES}/{number}/outcomes?limit=1").json()["items"][0]["example"]
    calls = client.get(f"{CANDIDATES}/{number}/outcomes/{first}").json()["calls"]
    shown = next(call["rows"] for call in calls if call["module"] == "classify_intent")
    assert set(demos) == {"k", "pool", "choosing", "label", "fixed", "embedding"}
    assert len(shown) == demos["k"]
    assert set(shown) <= rows
    assert first not in shown


def test_outcomes_are_paired_with_the_baselines(
    carol: User, finished: ProjectRun, best: int, api_of: ApiOf
) -> None:
    found = api_of(carol).get(f"{CANDIDATES}/{best}/outcomes").json()
    assert found["against"] == 0
    assert found["count"] == found["counts"]["all"] == 20
    comparison = found["comparison"]
    results = [row["result"] for row in found["items"]]
    assert comparison["wins"] == results.count("win")
    assert comparison["losses"] == results.count("loss")
    assert comparison["gain"] == pytest.approx(finished.run.comparison["gain"])
    assert "points" in found["verdict"]
    row = next(r for r in found["items"] if r["result"] == "win")
    assert set(row["inputs"]) == {"message"}
    assert row["candidate"]["score"] > row["other"]["score"]
    assert row["other"]["reason"].startswith("expected")


def test_only_what_differs_or_got_worse_can_be_asked_for(
    carol: User, best: int, api_of: ApiOf
) -> None:
    address = f"{CANDIDATES}/{best}/outcomes"
    differs = api_of(carol).get(f"{address}?show=disagreements&limit=200").json()
    assert {r["result"] for r in differs["items"]} <= {"win", "loss"}
    worse = api_of(carol).get(f"{address}?show=regressions&limit=1").json()
    assert worse["count"] == worse["counts"]["regressions"] == differs["comparison"]["losses"]
    assert len(worse["items"]) <= 1
    assert api_of(carol).get(f"{address}?show=wins").status_code == 422


def test_two_candidates_are_compared_with_each_other(carol: User, best: int, api_of: ApiOf) -> None:
    found = api_of(carol).get(f"{CANDIDATES}/0/outcomes?against={best}").json()
    assert found["against"] == best
    forth = api_of(carol).get(f"{CANDIDATES}/{best}/outcomes").json()
    assert found["comparison"]["wins"] == forth["comparison"]["losses"]


def test_the_baseline_by_itself_is_compared_with_nothing(
    carol: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    found = api_of(carol).get(f"{CANDIDATES}/0/outcomes").json()
    assert (found["against"], found["comparison"], found["verdict"]) == (None, None, "")
    assert found["items"][0]["candidate"] is not None
    assert found["items"][0]["other"] is None


def test_one_outcome_shows_every_message_and_reply(carol: User, best: int, api_of: ApiOf) -> None:
    client = api_of(carol)
    row = client.get(f"{CANDIDATES}/{best}/outcomes?show=disagreements").json()["items"][0]
    found = client.get(f"{CANDIDATES}/{best}/outcomes/{row['example']}").json()
    assert [c["call"] for c in found["calls"]] == ["find_clues", "classify_intent"]
    said = found["calls"][0]["messages"]
    assert [said[0]["role"], said[-1]["role"]] == ["system", "user"]
    assert row["inputs"]["message"] in said[-1]["content"]
    assert "It speaks of" in found["calls"][0]["reply"]
    assert found["calls"][1]["outputs"]["intent"] in found["calls"][1]["reply"]
    assert found["outputs"] == row["candidate"]["outputs"]


def test_what_is_not_there_is_said_so(carol: User, finished: ProjectRun, api_of: ApiOf) -> None:
    client = api_of(carol)
    for rest in ("/999", "/999/outcomes", "/0/outcomes?against=999", "/0/outcomes/nothing"):
        answer = client.get(f"{CANDIDATES}{rest}")
        assert answer.status_code == 404
        assert answer.json()["detail"]

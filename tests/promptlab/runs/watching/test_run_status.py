"""How a run stands, in words: every row of the state table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from optimizer.models import Run, RunEvent
from promptlab.runs.models import ProjectRun
from promptlab.runs.watching.caps import cap_that_ended
from promptlab.runs.watching.run_status import Pace, RunStatus, short_status, status_of

NOW = datetime(2026, 11, 12, 12, 0, tzinfo=UTC)
MIDWAY = Pace(trials=18, planned=40, share=0.45, left=300, per_example=0.5)
SCORE = {"mean": 0.784, "n": 200, "low": 0.72, "high": 0.83, "errors": 0}


def stands(pace: Pace = MIDWAY, decision: str = "", **columns: Any) -> RunStatus:
    columns = {
        "created_at": NOW - timedelta(seconds=5), "heard_at": NOW, "started_at": NOW,
        "max_calls": 1000, "used_calls": 400, "best_candidate_id": 7, "phase": "search",
    } | columns  # fmt: skip
    return status_of(ProjectRun(decision=decision), Run(**columns), pace, NOW)


def test_a_queued_run_says_what_it_waits_for() -> None:
    pace = Pace(0, 40, 0.0, ahead=(11, 12), workers=1)
    found = stands(pace, status="queued", phase="", best_candidate_id=None)
    assert (found.label, found.kind, found.share) == ("Queued, 2 before it", "wait", None)
    assert found.note == "Starts after Run 11, Run 12."
    assert found.can_cancel
    assert found.review_reason


def test_a_queued_run_without_a_worker_says_how_to_start_one() -> None:
    waited = {"status": "queued", "phase": "", "created_at": NOW - timedelta(minutes=2)}
    found = stands(Pace(0, 40, 0.0, workers=0), **waited)
    assert found.label == "No worker"
    assert "make run" in found.problem
    fresh = stands(Pace(0, 40, 0.0, workers=0), status="queued", phase="")
    assert fresh.label == "Queued"  # a worker may take a moment


@pytest.mark.parametrize(
    ("phase", "label"),
    [
        ("baseline", "Scoring the baseline"),
        ("bootstrap", "Making demos"),
        ("propose", "Writing instructions"),
        ("search", "Searching"),
        ("final", "Final test"),
    ],
)
def test_a_running_run_names_its_phase(phase: str, label: str) -> None:
    found = stands(status="running", phase=phase)
    assert (found.label, found.kind, found.title, found.percent) == (label, "live", "(45%)", 45)
    assert found.can_pause
    assert found.can_cancel
    assert found.review_reason


def test_the_time_left_is_a_guess_until_three_trials_and_rounded_up_after() -> None:
    assert stands(Pace(2, 40, 0.1, 300, 0.5), status="running").left == "estimating"
    assert stands(status="running").left == "≈ 2 min 30 s"
    assert stands(Pace(30, 40, 0.9, 11, 0.5), status="running").left == "≈ 6 s"
    assert stands(Pace(30, 40, 0.9, 4000, 0.5), status="running").left == "≈ 34 min 00 s"


def test_silence_is_told_and_nothing_is_lost() -> None:
    silent = {"status": "running", "heard_at": NOW - timedelta(seconds=34)}
    found = stands(replace(MIDWAY, workers=1), **silent)
    assert (found.label, found.kind, found.frozen) == ("No news for 34 s", "warn", True)
    assert "the next worker that is free goes on with it" in found.problem
    assert "lost" in found.note
    alone = stands(replace(MIDWAY, workers=0), **silent)
    assert "make run" in alone.problem
    assert (found.can_pause, found.can_cancel) == (True, True)


@pytest.mark.parametrize("wish", ["pause", "cancel"])
def test_a_silent_run_can_be_cancelled_whatever_was_wished_of_it(wish: str) -> None:
    silent = {"status": "running", "heard_at": NOW - timedelta(seconds=34), "wish": wish}
    found = stands(replace(MIDWAY, workers=0), **silent)
    assert (found.state, found.can_cancel) == ("stalled", True)
    assert found.can_pause is (wish == "pause")


def test_stopping_and_pausing_count_the_calls_that_are_out() -> None:
    stopping = stands(status="running", wish="cancel", held_calls=3)
    assert (stopping.label, stopping.note) == ("Stopping", "3 calls are left to finish.")
    assert not stopping.can_cancel
    pausing = stands(status="running", wish="pause", held_calls=1)
    assert (pausing.label, pausing.note) == ("Pausing", "1 call is left to finish.")
    assert pausing.can_resume


def test_a_paused_run_can_go_on_and_be_reviewed() -> None:
    found = stands(status="paused", message="The provider is down.")
    assert (found.label, found.kind, found.problem) == ("Paused", "pause", "The provider is down.")
    assert "Resume goes on" in found.note
    assert found.can_resume
    assert found.can_raise
    assert found.review_reason == ""


def test_a_cancelled_run_keeps_its_best() -> None:
    found = stands(status="cancelled")
    assert found.label == "Cancelled at 18 / 40"
    assert not found.can_resume
    assert found.review_reason == ""
    assert stands(status="cancelled", best_candidate_id=None).review_reason


def test_a_failed_run_says_why_and_can_go_on() -> None:
    found = stands(status="failed", message="The key was refused.")
    assert (found.label, found.problem) == ("Failed at trial 18", "The key was refused.")
    assert "paid for" in found.note
    assert found.can_resume


def test_a_finished_run_tells_its_score_in_the_title() -> None:
    found = stands(status="finished", best_score=SCORE, comparison={"gain": 0.1})
    assert (found.label, found.title, found.percent) == ("Finished", "✓ 78.4", 100)
    assert found.state == "better"
    same = stands(status="finished", best_score=SCORE, comparison={"gain": 0.0})
    assert same.state == "no_gain"


def test_a_run_at_its_cap_says_which_and_what_helps() -> None:
    pace = replace(MIDWAY, steps="18 of 40 trials", cap="cap of $2.00")
    found = stands(pace, status="finished", stop_reason="budget", best_score=SCORE)
    assert found.note.startswith("18 of 40 trials, stopped by the cap of $2.00.")
    assert "higher cap" in found.note
    assert (found.label, found.percent, found.frozen) == ("Stopped by its cap", 45, True)


@pytest.mark.parametrize(
    ("reason", "values", "said"),
    [
        ("budget", {"cap": "calls"}, "cap of 1,000 calls"),
        ("budget", {"cap": "cost"}, "cap of $2.00"),
        ("budget", {}, "cap of 1,000 calls or $2.00"),  # of long ago
        ("time", {"cap": "time"}, "time limit of 10 min 00 s"),
        ("completed", {}, ""),
    ],
)
def test_the_cap_that_ended_a_run_is_named(reason: str, values: dict[str, str], said: str) -> None:
    run = Run(stop_reason=reason, max_calls=1000, max_cost=2_000_000)
    note = RunEvent(kind="noted", data={"message": {"code": "note.cap_ended", "values": values}})
    assert cap_that_ended(run, [note], 600) == said


@pytest.mark.parametrize("decision", ["approve", "request_changes", "reject"])
def test_a_decision_is_part_of_how_it_stands(decision: str) -> None:
    assert stands(status="finished", decision=decision).state == decision


def test_a_list_says_it_in_a_word() -> None:
    run = Run(status="running", phase="search")
    assert short_status(ProjectRun(), run) == ("live", "Searching")
    assert short_status(ProjectRun(version_number=4), run) == ("ok", "Approved as v4")
    assert short_status(ProjectRun(decision="reject"), run) == ("fail", "Rejected")
    assert short_status(ProjectRun(), Run(status="running", wish="cancel")) == ("wait", "Stopping")

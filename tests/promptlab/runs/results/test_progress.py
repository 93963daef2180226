"""How far a run is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from optimizer.core.conversation.events import Phase
from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.models import Run
from promptlab.runs.results.progress import Timed, plan_of, seconds_per_example, share_done
from tests.fakes.world import two_module_program

NOW = datetime(2026, 11, 12, 12, 0, tzinfo=UTC)
SPEC = RunSpec(
    two_module_program(), ExactMatch("label", "label"), "mipro",
    Settings(trials=20, minibatch_size=25, full_every=10, max_validation=100), {},
)  # fmt: skip


def test_the_plan_counts_trials_and_full_evaluations() -> None:
    plan = plan_of(SPEC, validation=200, test=50)
    assert plan.trials == 22
    assert plan.weights[Phase.BASELINE] == 100
    assert plan.weights[Phase.SEARCH] == 20 * 25 + 2 * 100
    assert plan.weights[Phase.FINAL] == 100


@pytest.mark.parametrize(
    ("optimizer", "phases"),
    [
        ("mipro", ["baseline", "bootstrap", "propose", "search"]),
        ("zero_shot_mipro", ["baseline", "bootstrap", "propose", "search"]),  # demos to show
        ("bayesian_bootstrap", ["baseline", "bootstrap", "search"]),
        ("bootstrap_search", ["baseline", "bootstrap", "search"]),
        ("reflective", ["baseline", "propose", "search"]),
    ],
)
def test_phases_are_those_of_the_optimizer(optimizer: str, phases: list[str]) -> None:
    plan = plan_of(replace(SPEC, optimizer=optimizer), validation=100, test=0)
    assert list(plan.weights) == phases


def test_validation_examples_that_score_nobody_are_the_final_test_where_there_is_no_other() -> None:
    assert plan_of(SPEC, validation=130, test=0).weights[Phase.FINAL] == 60
    assert plan_of(SPEC, validation=5000, test=0).weights[Phase.FINAL] == 200
    assert plan_of(SPEC, validation=5000, test=20).weights[Phase.FINAL] == 40
    assert Phase.FINAL not in plan_of(SPEC, validation=105, test=0).weights


def test_demos_are_looked_for_without_need_only_to_be_shown() -> None:
    bare = replace(SPEC.settings, grounding=replace(SPEC.settings.grounding, demos=False))
    plan = plan_of(replace(SPEC, optimizer="zero_shot_mipro", settings=bare), 200, 0)
    assert Phase.BOOTSTRAP not in plan.weights


def test_a_small_validation_split_has_full_trials_only() -> None:
    assert plan_of(SPEC, validation=20, test=0).trials == 20


def test_the_bar_never_goes_back() -> None:
    plan = plan_of(SPEC, validation=200, test=50)
    steps = [
        Run(phase="", phase_done=0),
        Run(phase="baseline", phase_steps=100, phase_done=50),
        Run(phase="bootstrap", phase_steps=16, phase_done=0),
        Run(phase="bootstrap", phase_steps=16, phase_done=40),  # more than was expected
        Run(phase="propose", phase_steps=6, phase_done=1),
        Run(phase="search", phase_steps=22, phase_done=11),
        Run(phase="final", phase_steps=100, phase_done=100),
    ]
    shares = [share_done(plan, run) for run in steps]
    assert shares[0] == 0.0
    assert all(a <= b for a, b in pairwise(shares))
    assert shares[-1] < 1.0  # only the end is the end


def test_the_pace_is_that_of_the_latest_trials() -> None:
    def timed(size: int, seconds: float) -> Timed:
        return Timed(size, NOW, NOW + timedelta(seconds=seconds))

    assert seconds_per_example([]) is None
    slow_start = [timed(10, 100.0)] + [timed(10, 5.0)] * 6
    assert seconds_per_example(reversed(slow_start)) == pytest.approx(0.5)

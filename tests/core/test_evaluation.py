"""An evaluation without a search: what is given is scored as it stands, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.conversation.events import FullScored, Result, StopReason, TrialStarted
from optimizer.core.conversation.requests import Evaluate, Purpose
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.optimizers import EVALUATION, OPTIMIZERS, optimizer_named
from optimizer.core.optimizers.estimate import estimate
from optimizer.core.optimizers.evaluation import as_evaluation
from optimizer.core.problems import Level
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.runs.checks import checks_of, shape_of
from optimizer.core.search.search import NewSearch
from tests.fakes.world import LABEL, World, always, chance, messages, one_module_program

PROGRAM = one_module_program()
BASELINE = baseline_of(PROGRAM)
ONE = Candidate({"classify": ModulePrompt("Say spam or ham.")})
TWO = Candidate({"classify": ModulePrompt("Is it spam? Look at who sent it.")})
TASK, OTHER = ModelRef(1, "small"), ModelRef(1, "large")


def spec_for(*given: Candidate, **changes: Any) -> RunSpec:
    spec = RunSpec(
        PROGRAM, LABEL, "racing", Settings(cut_off_fails=True), {Role.TASK: TASK},
        validation=messages(30, "v"), given=given,
    )  # fmt: skip
    return as_evaluation(replace(spec, **changes))


def held(world: World, spec: RunSpec, new_search: NewSearch | None = None) -> Result:
    conversation = optimizer_named(EVALUATION).converse(spec, new_search)  # type: ignore[arg-type]
    return world.hold(conversation)


def test_what_is_given_is_scored_on_every_example_and_nothing_is_asked() -> None:
    world = World(PROGRAM)
    result = held(world, spec_for(ONE, TWO))
    assert [(e.candidate, len(e.examples)) for e in world.evaluated] == [
        (BASELINE, 30), (ONE, 30), (TWO, 30),
    ]  # fmt: skip
    assert world.asked == []
    assert result.stop is StopReason.COMPLETED
    assert {candidate for candidate, _ in result.estimates} == {BASELINE, ONE, TWO}
    assert result.comparison is not None


def test_a_perfect_baseline_does_not_keep_the_others_from_being_scored() -> None:
    world = World(PROGRAM, judge=always(1.0))
    held(world, spec_for(ONE))
    assert [e.candidate for e in world.evaluated] == [BASELINE, ONE]


def test_every_candidate_meets_every_model_and_only_the_own_one_names_the_best() -> None:
    """The other model is right wherever the own one is wrong: the board hears nothing of it."""
    world = World(PROGRAM, judge=lambda candidate, example: float(candidate == ONE))
    result = held(world, spec_for(ONE, further_task_models=(OTHER,)))
    assert [(e.candidate, e.model) for e in world.evaluated] == [
        (BASELINE, 0), (BASELINE, 1), (ONE, 0), (ONE, 1),
    ]  # fmt: skip
    assert result.best == ONE
    assert len(world.events_of(FullScored)) == 4
    assert result.baseline_score is not None
    assert result.baseline_score.n == 30


def test_draws_are_trials_of_their_own_and_one_score_together() -> None:
    """Half of the draws are right: the score is a half, with all examples in it once."""

    class Drawing(World):
        def answer(self, request: Any) -> Any:
            if isinstance(request, Evaluate):
                self.judge = always(float(request.sample % 2))
            return super().answer(request)

    world = Drawing(PROGRAM)
    result = held(world, spec_for(ONE, draws=4))
    assert [(e.candidate, e.sample) for e in world.evaluated][4:] == [(ONE, n) for n in range(4)]
    assert (result.baseline_score.mean, result.baseline_score.n) == (0.5, 30)  # type: ignore[union-attr]
    assert [event.score.mean for event in world.events_of(FullScored)][:4] == [0.0, 1.0, 0.0, 1.0]
    assert len(world.events_of(TrialStarted)) == 8


def test_a_draw_that_failed_is_no_score_of_nought() -> None:
    class Failing(World):
        def answer(self, request: Any) -> Any:
            if isinstance(request, Evaluate):
                self.judge = always(None if request.sample else 1.0)
            return super().answer(request)

    result = held(Failing(PROGRAM), spec_for(draws=3))
    assert result.baseline_score is not None
    assert (result.baseline_score.mean, result.baseline_score.errors) == (1.0, 0)


def test_the_only_one_given_is_looked_at_on_the_test_split_whether_or_not_it_is_the_best() -> None:
    world = World(PROGRAM, judge=lambda candidate, example: float(candidate == BASELINE))
    result = held(world, spec_for(ONE, test=messages(8, "x")))
    tested = [e.candidate for e in world.evaluated if e.purpose is Purpose.TEST]
    assert tested == [BASELINE, ONE]
    assert result.best == BASELINE
    assert result.test is not None
    assert result.test.comparison.losses == 8


def test_the_program_as_it_stands_is_never_scored_twice() -> None:
    world = World(PROGRAM)
    held(world, spec_for(BASELINE, ONE, ONE))
    assert [e.candidate for e in world.evaluated] == [BASELINE, ONE]


@pytest.mark.parametrize("budget", [10, 30, 45, 60])
def test_a_cap_ends_it_with_what_is_known(budget: int) -> None:
    result = held(World(PROGRAM, budget=budget), spec_for(ONE, TWO))
    assert result.stop is StopReason.BUDGET
    assert (result.best_score is None) == (budget < 30)


@pytest.mark.parametrize(("models", "draws"), [(0, 1), (2, 1), (1, 3)])
def test_the_estimate_is_what_is_asked_for(models: int, draws: int) -> None:
    further = tuple(ModelRef(1, f"m{n}") for n in range(models))
    spec = spec_for(ONE, TWO, further_task_models=further, draws=draws, test=messages(8, "x"))
    world = World(PROGRAM, judge=lambda c, e: chance(c.digest, e.id))
    held(world, spec)
    expected = estimate(spec).task_calls
    assert expected[0] <= sum(len(e.examples) for e in world.evaluated) <= expected[1] + 8


def test_it_needs_neither_training_rows_nor_anything_to_change() -> None:
    spec = spec_for()
    found = checks_of(spec, optimizer_named(EVALUATION), shape_of(spec))
    assert [told.code for told in found if told.level is Level.PROBLEM] == []


def test_nobody_chooses_it_among_optimizers() -> None:
    assert EVALUATION not in OPTIMIZERS
    assert not optimizer_named(EVALUATION).searches

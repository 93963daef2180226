"""The end of a run: why it stopped, what is proved of its best, and what is recommended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.conversation.events import (
    FullScored,
    Noted,
    Phase,
    PhaseStarted,
    Result,
    StopReason,
    TestScored,
)
from optimizer.core.conversation.requests import Conversation, Evaluate, Purpose
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.conversation.splits import held_out, held_out_size, remainder_of, validation_of
from optimizer.core.evaluation.stats import Comparison, compare_differences
from optimizer.core.problems import fine
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.runs.board import Board
from optimizer.core.runs.conclusion import Conclusion, conclude
from optimizer.core.runs.run_loop import NothingToGain, run_loop
from optimizer.core.runs.trials import full_trial
from tests.fakes.world import LABEL, World, chance, messages, one_module_program

LONGER = Candidate({"classify": ModulePrompt("Decide whether the message is spam. Be careful.")})
SMALL = Settings(max_validation=40)


def spec_for(**changes: Any) -> RunSpec:
    base = RunSpec(
        one_module_program(),
        LABEL,
        "mipro",
        SMALL,
        {Role.TASK: ModelRef(1, "scripted")},
        train=messages(10, "t"),
        validation=messages(40, "v"),
    )
    return replace(base, **changes)


def skilled(original: float, longer: float) -> World:
    """One candidate beside the original, each right with its own chance on every example."""

    def judge(candidate: Candidate, example: Any) -> float:
        skill = longer if candidate == LONGER else original
        return float(chance("hard", example.id) < skill)

    return World(one_module_program(), judge=judge)


def try_longer(board: Board) -> Conversation[None]:
    yield from full_trial(board, LONGER, {"classify:instruction": 1})


def ended(world: World, spec: RunSpec) -> Result:
    return world.hold(run_loop(spec, try_longer))


def final_looks(world: World) -> list[Evaluate]:
    return [e for e in world.evaluated if e.purpose in (Purpose.TEST, Purpose.REMAINDER)]


def concluded(result: Result) -> Conclusion:
    found = conclude(result.best_trial == 0, result.baseline_score, result.comparison, result.test)
    assert found is not None
    return found


def test_the_final_word_is_spoken_on_the_sealed_test_split() -> None:
    world, sealed = skilled(0.4, 0.8), messages(60, "s")
    result = ended(world, spec_for(test=sealed))

    assert result.test is not None
    assert (result.test.split, result.test.comparison.n) == ("test", 60)
    assert [set(e.examples) for e in final_looks(world)] == [set(sealed)] * 2
    assert concluded(result).sentence().startswith("Better: the best candidate gains +")
    assert "sealed test split" in concluded(result).sentence()


def test_without_a_test_split_it_is_spoken_on_validation_examples_that_nothing_was_chosen_by() -> (
    None
):
    world, spec = skilled(0.4, 0.8), spec_for(validation=messages(75, "v"))
    result = ended(world, spec)

    assert result.test is not None
    assert (result.test.split, result.test.best.n) == ("remainder", 35)
    chosen = {e for request in world.evaluated[:2] for e in request.examples}
    assert all(not chosen & set(look.examples) for look in final_looks(world))
    assert "nothing was chosen by" in concluded(result).sentence()


@pytest.mark.parametrize(
    ("validation", "kept"), [(40, 0), (49, 0), (50, 10), (75, 35), (80, 40), (500, 40)]
)
def test_the_remainder_is_as_large_as_what_candidates_are_scored_on_at_most(
    validation: int, kept: int
) -> None:
    spec = spec_for(validation=messages(validation, "v"))

    assert len(remainder_of(spec)) == kept == held_out_size(SMALL, validation, 0)
    assert not set(remainder_of(spec)) & set(validation_of(spec))
    assert remainder_of(spec) == remainder_of(spec)


def test_a_sealed_test_split_is_preferred_however_large_the_remainder() -> None:
    spec = spec_for(validation=messages(500, "v"), test=messages(5, "s"))

    assert held_out(spec) == ("test", spec.test)


def test_without_either_the_conclusion_says_that_it_flatters() -> None:
    result = ended(skilled(0.4, 0.8), spec_for())

    assert result.test is None
    assert concluded(result).on == "validation"
    assert "flatters" in concluded(result).sentence()


def test_the_final_phase_announces_as_many_examples_as_it_scores() -> None:
    for world in (skilled(0.4, 0.8), skilled(0.8, 0.4)):
        ended(world, spec_for(test=messages(20, "s")))
        steps = [e.steps for e in world.events_of(PhaseStarted) if e.phase is Phase.FINAL]
        assert steps == [sum(len(e.examples) for e in final_looks(world))]


def test_a_baseline_that_stays_spends_nothing_on_the_remainder() -> None:
    world = skilled(0.8, 0.4)
    result = ended(world, spec_for(validation=messages(80, "v")))

    assert not final_looks(world)
    assert concluded(result) == Conclusion("unchanged", "validation", 40)
    assert concluded(result).kept


def test_the_body_may_say_that_there_is_nothing_to_gain() -> None:
    def body(board: Board) -> Conversation[None]:
        yield from full_trial(board, LONGER, {})
        raise NothingToGain(fine("note.settled"))

    world = skilled(0.4, 0.8)
    result = world.hold(run_loop(spec_for(test=messages(20, "s")), body))

    assert result.stop is StopReason.NO_GAIN
    assert result.best == LONGER
    assert result.test is not None
    assert fine("note.settled") in [e.message for e in world.events_of(Noted)]


def test_a_budget_that_ends_before_the_final_word_leaves_the_validation_comparison() -> None:
    world = skilled(0.4, 0.8)
    world.budget = 100
    result = ended(world, spec_for(test=messages(20, "s")))

    assert result.stop is StopReason.BUDGET
    assert result.test is None
    assert concluded(result).on == "validation"


def test_every_full_evaluation_tells_what_the_best_is_expected_to_score() -> None:
    world = skilled(0.4, 0.8)
    result = ended(world, spec_for())
    told = [e.expected for e in world.events_of(FullScored)]

    assert told[0] is not None
    assert result.best_score is not None
    assert told[0].mean == world.events_of(FullScored)[0].score.mean  # alone, it keeps its score
    assert told[-1] == result.estimate
    assert result.estimate is not None
    assert result.estimate.mean <= result.best_score.mean


def compared(wins: int, losses: int, ties: int) -> Comparison:
    return compare_differences([1.0] * wins + [-1.0] * losses + [0.0] * ties)


@pytest.mark.parametrize(
    ("found", "kind", "kept", "words"),
    [
        (compared(31, 15, 50), "better", False, "Better"),
        (compared(12, 5, 83), "no_worse", False, "A loss of more than 3 points is ruled out"),
        (compared(8, 7, 20), "tied", True, "the original prompt is kept, no candidate could be"),
        (compared(15, 31, 50), "worse", True, "Worse: the original prompt is kept"),
    ],
)
def test_the_sentence_says_no_more_than_the_figures(
    found: Comparison, kind: str, kept: bool, words: str
) -> None:
    result = ended(skilled(0.4, 0.8), spec_for())
    assert result.baseline_score is not None
    final = TestScored(result.baseline_score, result.baseline_score, found)
    conclusion = conclude(False, result.baseline_score, result.comparison, final)

    assert conclusion is not None
    assert (conclusion.kind, conclusion.kept) == (kind, kept)
    assert words in conclusion.sentence()
    assert f"{found.wins} won, {found.losses} lost" in conclusion.sentence()


def test_a_final_split_whose_calls_all_failed_says_nothing_and_is_not_believed() -> None:
    result = ended(skilled(0.4, 0.8), spec_for())
    assert result.baseline_score is not None
    final = TestScored(result.baseline_score, result.baseline_score, compared(0, 0, 0))

    found = conclude(False, result.baseline_score, result.comparison, final)

    assert found is not None
    assert found.on == "validation"


def test_nothing_scored_is_no_conclusion() -> None:
    assert conclude(True, None, None, None) is None


def test_the_page_translates_whole_sentences() -> None:
    found = Conclusion("better", "test", 96, compared(31, 15, 50))

    assert found.sentence(lambda text: f"«{text}»").count("«") == 2

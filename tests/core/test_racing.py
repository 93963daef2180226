"""Racing as a whole: what it asks, in which order, and what it makes of the answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.core.conversation.events import (
    BestChanged,
    DemoSetFound,
    FullScored,
    ImportancesFound,
    InstructionProposed,
    MinibatchScored,
    Noted,
    StopReason,
    TrialStarted,
)
from optimizer.core.conversation.requests import Purpose
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.runs.board import Board
from optimizer.core.search.bandit import Bandit
from optimizer.core.strategies.race_loop import FIRST_BLOCKS
from optimizer.core.strategies.race_state import common_order
from tests.fakes.random_search import RandomSearch
from tests.fakes.telling import told
from tests.fakes.world import (
    LABEL,
    World,
    always,
    by_luck,
    chance,
    messages,
    one_module_program,
    two_module_program,
)

SMALL = Settings(
    instructions=3, demo_sets=4, trials=40, minibatch_size=10, max_validation=60, rounds=1
)


def spec_for(settings: Settings = SMALL, **changed) -> RunSpec:
    models = {Role.TASK: ModelRef(1, "scripted"), Role.OPTIMIZER: ModelRef(1, "writer")}
    base = RunSpec(
        one_module_program(), LABEL, "racing", settings, models,
        train=messages(40, "t"), validation=messages(60, "v"), seed=5,
    )  # fmt: skip
    return replace(base, **changed)


def held(spec: RunSpec, **world) -> tuple[World, object]:
    told = World(spec.program, **world)
    return told, told.hold(OPTIMIZERS["racing"].converse(spec, RandomSearch))


def first_examples(spec: RunSpec) -> tuple[Example, ...]:
    board = Board(spec, baseline_of(spec.program))
    return common_order(board)[: FIRST_BLOCKS * spec.settings.minibatch_size]


def demos_help(candidate: Candidate, example: Example) -> float:
    """Each demo makes one more example of ten right."""
    demos = len(candidate.modules["classify"].demos)
    return float(chance("fixed", example.id) < 0.3 + 0.12 * demos)


def test_all_candidates_are_scored_on_the_same_examples_in_the_same_order():
    world, _ = held(spec_for(), judge=demos_help)
    seen: dict[Candidate, list[str]] = {}
    for request in world.evaluated:
        if request.purpose is Purpose.MINIBATCH:
            seen.setdefault(request.candidate, []).extend(e.id for e in request.examples)
    longest = max(seen.values(), key=len)
    assert len(seen) > 3
    assert all(ids == longest[: len(ids)] for ids in seen.values())


def test_demos_that_help_are_found_and_win():
    world, result = held(spec_for(), judge=demos_help)
    assert len(result.best.modules["classify"].demos) >= 3
    assert result.comparison.gain > 0.2
    assert world.events_of(BestChanged)[-1].number == result.best_trial


def test_the_winner_is_fully_evaluated_and_its_estimate_is_a_belief_not_its_luck():
    _, result = held(spec_for(), judge=demos_help)
    assert result.best_score.n == 60
    assert result.estimate.low < result.best_score.mean < result.estimate.high
    assert result.estimate.low < result.estimate.mean < result.estimate.high


def test_a_round_learns_from_training_examples_and_never_from_those_that_score():
    world, _ = held(spec_for(), judge=demos_help)
    lessons = [r for r in world.evaluated if r.purpose is Purpose.REFLECTION]
    assert lessons
    assert all(e.id.startswith("t") for r in lessons for e in r.examples)
    asked = " ".join(p.messages[-1].content for a in world.asked for p in a.prompts)
    assert "t message 1" in asked
    validation = {e.inputs["message"] for e in messages(60, "v")}
    assert not any(f"{text}\n" in asked for text in validation)


def kinds_of_sets(spec: RunSpec, module: str) -> list[tuple[int, int]]:
    """Bootstrapped and labelled demos of the sets that a race starts with, the empty one first."""
    rounds = replace(spec.settings, rounds=0, demo_sets=12)
    world, _ = held(replace(spec, settings=rounds))
    sets = [e.demos for e in world.events_of(DemoSetFound) if e.module == module]
    made = [sum(demo.augmented for demo in demos) for demos in sets]
    return [(m, len(demos) - m) for m, demos in zip(made, sets, strict=True)]


def test_most_demo_sets_are_full_and_made_of_traces_of_labels_or_of_both():
    kinds = kinds_of_sets(spec_for(), "classify")
    assert kinds[:2] == [(0, 0), (0, 4)]
    assert len(kinds) == 12
    assert {(4, 0), (2, 2), (1, 3), (2, 0), (1, 0)} == set(kinds[2:])
    assert sum(made + labelled == 4 for made, labelled in kinds) == 9


def test_sets_of_a_module_without_labels_are_full_of_traces():
    kinds = kinds_of_sets(spec_for(program=two_module_program()), "extract")
    assert {labelled for _, labelled in kinds} == {0}
    assert sum(made == 4 for made, _ in kinds) >= 8


def test_new_instructions_and_demo_sets_join_the_race():
    world, _ = held(spec_for(), judge=demos_help)
    first_trial = next(i for i, e in enumerate(world.events) if isinstance(e, MinibatchScored))
    later = world.events[first_trial:]
    assert [e for e in later if isinstance(e, DemoSetFound)]
    assert [e for e in later if isinstance(e, InstructionProposed)]


def stuck_race(late_rounds: int):
    """The program as it stands leads, and nothing that is written comes near."""
    spec = spec_for(replace(SMALL, trials=120, late_rounds=late_rounds))

    def own_is_best(candidate: Candidate, example: Example) -> float:
        own = candidate == baseline_of(spec.program)
        return float(chance("fixed", example.id) < (0.8 if own else 0.3))

    return held(spec, judge=own_is_best)


def lessons_of(world: World) -> int:
    return sum(r.purpose is Purpose.REFLECTION for r in world.evaluated)


def test_a_race_that_is_stuck_searches_on_by_reflection_within_its_budget():
    plain, _ = stuck_race(0)
    further, _ = stuck_race(2)
    assert lessons_of(further) > lessons_of(plain)
    asked = [a.purpose for a in further.asked if a.purpose.startswith("instructions of round")]
    assert len(asked) == 4
    late = [e for e in further.events_of(InstructionProposed) if "reflection" in e.source]
    assert late
    scored = [r for r in further.evaluated if r.purpose in (Purpose.MINIBATCH, Purpose.REFLECTION)]
    assert sum(len(r.examples) for r in scored) <= 120 * 10


def test_a_weak_writer_gets_no_late_rounds():
    settings = replace(SMALL, trials=120, late_rounds=2)
    world, _ = held(spec_for(settings), judge=demos_help, rewrite=lambda text: "yes")
    assert lessons_of(world) <= 2


def test_a_weak_writer_is_not_asked_to_reflect():
    world, _ = held(spec_for(), judge=demos_help, rewrite=lambda text: "yes")
    assert not [a for a in world.asked if a.purpose == "instructions of round 2"]
    assert [e for e in world.events_of(DemoSetFound) if e.source == "put together in the race"]


def test_a_budget_of_few_blocks_scores_the_baseline_on_some_at_first_and_on_all_at_last():
    world, result = held(spec_for(replace(SMALL, trials=16)), judge=demos_help)
    trials = world.events_of(TrialStarted)
    assert (trials[0].full, trials[0].size) == (False, 20)
    assert result.baseline_score.n == 60
    assert result.comparison.n == 60
    assert world.spent <= 60 + 160 + 60 + 40


@pytest.mark.parametrize("seed", range(6))
def test_no_candidate_stays_the_best_that_the_whole_baseline_is_ahead_of(seed):
    """In a tight race the baseline's first examples are all that is known of it."""
    tight = replace(SMALL, trials=6, max_validation=100)
    spec = spec_for(tight, validation=messages(100, "v"), seed=seed)
    first = {e.id for e in first_examples(spec)}

    def judge(candidate: Candidate, example: Example) -> float:
        if candidate == baseline_of(spec.program):
            return float(example.id not in first)
        return float(chance("fixed", example.id) < 0.6)

    _, result = held(spec, judge=judge)
    assert result.best == baseline_of(spec.program)


def test_a_combination_whose_calls_fail_is_scored_no_further():
    def judge(candidate: Candidate, example: Example) -> float | None:
        demos = len(candidate.modules["classify"].demos)
        return None if demos > 2 and chance(example.id) < 0.5 else float(demos > 0)

    world, result = held(spec_for(), judge=judge)
    asked: dict[Candidate, int] = {}
    for request in world.evaluated:
        if request.purpose is Purpose.MINIBATCH:
            asked[request.candidate] = asked.get(request.candidate, 0) + len(request.examples)
    assert all(n <= 20 for c, n in asked.items() if len(c.modules["classify"].demos) > 2)
    assert 0 < len(result.best.modules["classify"].demos) <= 2


def test_a_lesson_holds_no_example_that_the_candidate_shows_as_a_demo():
    world, _ = held(spec_for(train=messages(20, "t")), judge=demos_help)
    lessons = [e for e in world.evaluated if e.purpose is Purpose.REFLECTION]
    shown = 0
    for lesson in lessons:
        demos = [d.values["message"] for d in lesson.candidate.modules["classify"].demos]
        shown += len(demos)
        assert not {e.inputs["message"] for e in lesson.examples} & set(demos)
    assert shown


def test_the_bandit_learns_of_the_settings_that_an_instruction_was_asked_with(monkeypatch):
    learned = []
    monkeypatch.setattr(Bandit, "learn", lambda bandit, tried: learned.extend(tried))
    program = two_module_program()
    world = World(program, judge=by_luck)
    spec = spec_for(replace(SMALL, instructions=5, rounds=3), program=program)
    world.hold(OPTIMIZERS["racing"].converse(spec, RandomSearch))
    ways = [way for way, _ in learned]
    assert {way.get("reflection") for way in ways} == {0, 1}
    assert all(set(way) == {"reflection"} for way in ways if way["reflection"])
    assert all(sum(name.endswith(":shown demos") for name in way) <= 1 for way in ways)


def test_one_instruction_means_that_none_is_asked_for():
    world, _ = held(spec_for(replace(SMALL, instructions=1, rounds=3)), judge=demos_help)
    assert not world.asked


def test_candidates_that_are_all_alike_end_the_race_early_and_keep_the_original():
    def alike(candidate: Candidate, example: Example) -> float:
        return float(chance("fixed", example.id) < 0.5)

    settings = replace(SMALL, trials=200, rounds=0)
    world, result = held(spec_for(settings), judge=alike)
    assert result.best == baseline_of(world.program)
    assert result.stop is StopReason.NO_GAIN
    assert world.spent < 60 + 0.8 * 2000
    assert any("original prompt is kept" in told(e.message) for e in world.events_of(Noted))


def test_a_perfect_candidate_ends_the_race():
    def solved(candidate: Candidate, example: Example) -> float:
        demos = bool(candidate.modules["classify"].demos)
        return float(demos or chance("fixed", example.id) < 0.5)

    _, result = held(spec_for(replace(SMALL, trials=200)), judge=solved)
    assert result.stop is StopReason.PERFECT
    assert result.best_score.mean == 1.0


def test_what_mattered_is_told():
    world, _ = held(spec_for(), judge=demos_help)
    (told,) = world.events_of(ImportancesFound)
    assert told.importances["classify:demos"] > 0.5
    assert sum(told.importances.values()) == pytest.approx(1.0)


def test_failed_calls_are_censored_and_never_a_score():
    def flaky(candidate: Candidate, example: Example) -> float | None:
        return None if chance("down", example.id) < 0.3 else demos_help(candidate, example)

    world, result = held(spec_for(), judge=flaky)
    assert result.best_score.errors > 0
    assert result.best_score.mean > 0.4
    assert all(e.score.n + e.score.errors == 60 for e in world.events_of(FullScored))


def test_nobody_answering_keeps_the_baseline_without_a_score():
    _, result = held(spec_for(), judge=always(None))
    assert result.best == baseline_of(one_module_program())


@pytest.mark.parametrize("effort", ["light", "medium", "heavy"])
def test_a_light_race_pays_for_about_what_mipro_does(effort):
    program = one_module_program()
    ours = OPTIMIZERS["racing"].settings(effort, program)
    theirs = OPTIMIZERS["mipro"].settings(effort, program)
    own = ours.trials * ours.minibatch_size
    assert 0.5 < own / (theirs.trials * theirs.minibatch_size) < 2

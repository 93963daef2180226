"""Every optimizer keeps the same promises, whatever the world answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.core.conversation import events
from optimizer.core.conversation.events import (
    FullScored,
    InstructionProposed,
    MinibatchScored,
    Noted,
    ProposalRefused,
    StopReason,
    TrialStarted,
)
from optimizer.core.conversation.requests import Purpose
from optimizer.core.conversation.spec import Effort, ModelRef, RunSpec, Settings
from optimizer.core.conversation.splits import validation_of
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.optimizers.optimizer import Style
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.lm import Role
from tests.fakes.random_search import RandomSearch
from tests.fakes.telling import told
from tests.fakes.world import (
    LABEL,
    World,
    always,
    by_luck,
    messages,
    one_module_program,
    two_module_program,
)

NAMES = sorted(OPTIMIZERS)
SMALL = Settings(trials=12, minibatch_size=5, full_every=4, instructions=3, demo_sets=4)


def spec_for(name: str, program=None, **changes) -> RunSpec:
    base = RunSpec(
        program or one_module_program(),
        LABEL,
        name,
        SMALL,
        {Role.TASK: ModelRef(1, "scripted")},
        train=messages(30, "t"),
        validation=messages(20, "v"),
    )
    return replace(base, **changes)


def converse(spec: RunSpec):
    return OPTIMIZERS[spec.optimizer].converse(spec, RandomSearch)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "racing"])
@pytest.mark.parametrize("program", [one_module_program(), two_module_program()])
def test_the_winner_is_the_best_fully_evaluated_candidate(name, program):
    world = World(program)
    result = world.hold(converse(spec_for(name, program)))

    full = {
        e.candidate.digest: [by_luck(e.candidate, x) for x in e.examples]
        for e in world.evaluated
        if e.purpose in (Purpose.FULL, Purpose.BASELINE)
    }
    means = {digest: sum(scores) / len(scores) for digest, scores in full.items()}
    assert means[result.best.digest] == max(means.values())
    assert result.best_score.mean == pytest.approx(max(means.values()))
    assert result.stop is StopReason.COMPLETED


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_holds_the_same_conversation(name):
    worlds = [World(two_module_program()) for _ in range(2)]
    for world in worlds:
        world.hold(converse(spec_for(name, two_module_program(), seed=7)))
    assert worlds[0].digests == worlds[1].digests
    assert worlds[0].events == worlds[1].events


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_holds_another_conversation(name):
    worlds = [World(one_module_program()) for _ in range(2)]
    for seed, world in enumerate(worlds):
        world.hold(converse(spec_for(name, seed=seed)))
    assert worlds[0].digests != worlds[1].digests


@given(budget=st.integers(min_value=0, max_value=260), name=st.sampled_from(NAMES))
@settings(max_examples=80, deadline=None)
def test_a_spent_budget_ends_the_run_with_what_was_proved(budget, name):
    world = World(one_module_program(), budget=budget)
    result = world.hold(converse(spec_for(name)))

    assert world.spent <= budget
    evaluated = {
        e.candidate for e in world.evaluated if e.purpose in (Purpose.FULL, Purpose.BASELINE)
    }
    if evaluated:
        assert result.best in evaluated
        assert result.best_score is not None
    else:
        assert result.best == baseline_of(one_module_program())
        assert result.best_score is None
        assert result.stop is StopReason.BUDGET


@given(
    budget=st.integers(min_value=20, max_value=260),
    name=st.sampled_from(NAMES),
    few=st.booleans(),
    seed=st.integers(min_value=0, max_value=3),
)
@settings(max_examples=120, deadline=None)
def test_a_cap_leaves_nobody_ahead_who_is_not_fully_scored(budget, name, few, seed):
    """What the last full evaluation takes is kept back: where a cap lets anything be tried, the
    candidate that leads is scored on every example by the end, and compared with the baseline.
    """
    spec = spec_for(name, seed=seed, settings=replace(SMALL, trials=5) if few else SMALL)
    kept = OPTIMIZERS[name].kept(spec.settings, 20)
    world = World(one_module_program(), budget=budget, kept=kept)
    result = world.hold(converse(spec))

    assert world.spent <= budget
    assert result.best_score.n == result.baseline_score.n == 20
    assert not [e for e in world.events_of(Noted) if e.message.code == "note.leader_unscored"]
    if OPTIMIZERS[name].style is Style.TRIALS and result.stop is StopReason.BUDGET:
        proved = (Purpose.FULL, Purpose.BASELINE)
        full = {e.candidate for e in world.evaluated if e.purpose in proved}
        means = minibatch_means(world)
        best = max((mean for one, mean in means.items() if one in full), default=0)
        assert best == max(means.values(), default=0)


@pytest.mark.parametrize("sizes", [(5, 4), (20, 4), (3, 1)])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_planned_is_announced_and_never_passed(name, sizes):
    """Settings, estimates and the bar of a run speak of the same number of trials."""
    size, every = sizes
    chosen = replace(SMALL, minibatch_size=size, full_every=every)
    world = World(one_module_program())
    world.hold(converse(spec_for(name, settings=chosen)))
    planned = OPTIMIZERS[name].steps(chosen, 20).trials
    begun = world.events_of(events.PhaseStarted)
    (announced,) = [e.steps for e in begun if e.phase is events.Phase.SEARCH]
    assert announced == planned or (name == "bootstrap_search" and announced < planned)
    minibatches = [e for e in world.events_of(MinibatchScored) if e.number > 0]
    fulls = [e for e in world.events_of(FullScored) if e.number > 0]
    if OPTIMIZERS[name].style is Style.TRIALS:  # the last block of a candidate may be a small one
        assert len(minibatches) + len(fulls) <= announced


def minibatch_means(world):
    """By candidate, over all its minibatches."""
    seen = {}
    for e in world.evaluated:
        if e.purpose is Purpose.MINIBATCH:
            seen.setdefault(e.candidate, []).extend(by_luck(e.candidate, x) for x in e.examples)
    return {one: sum(scores) / len(scores) for one, scores in seen.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_baseline_without_a_fault_ends_the_run_at_once(name):
    world = World(one_module_program(), judge=always(1.0))
    result = world.hold(converse(spec_for(name)))
    assert result.stop is StopReason.PERFECT
    assert {e.candidate for e in world.evaluated} == {baseline_of(one_module_program())}
    assert not world.asked


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_that_never_moves_keeps_the_baseline(name):
    world = World(one_module_program(), judge=always(0.0))
    result = world.hold(converse(spec_for(name)))
    assert result.best == baseline_of(one_module_program())
    assert result.comparison.verdict == "tied"


@pytest.mark.parametrize("name", NAMES)
def test_failed_calls_are_left_out_of_every_score(name):
    def flaky(candidate, example):
        return None if example.id.endswith("3") else by_luck(candidate, example)

    world = World(one_module_program(), judge=flaky)
    world.hold(converse(spec_for(name)))
    for event in world.events_of(FullScored):
        assert (event.score.n, event.score.errors) == (18, 2)


@pytest.mark.parametrize("name", NAMES)
def test_a_world_where_every_call_fails_ends_without_a_best_score(name):
    world = World(one_module_program(), judge=always(None))
    result = world.hold(converse(spec_for(name)))
    assert result.best == baseline_of(one_module_program())
    assert result.baseline_score.n == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_test_split_is_looked_at_once_and_by_nobody_else(name):
    world = World(one_module_program())
    sealed = messages(10, "s")
    result = world.hold(converse(spec_for(name, test=sealed)))

    looks = [e for e in world.evaluated if set(sealed) & set(e.examples)]
    assert {e.purpose for e in looks} == {Purpose.TEST}
    assert len({e.candidate for e in looks}) == len(looks) <= 2
    assert world.events_of(events.TestScored) == [result.test]


@pytest.mark.parametrize("name", NAMES)
def test_one_training_example_and_one_validation_example_are_enough(name):
    world = World(one_module_program())
    spec = spec_for(name, train=messages(1, "t"), validation=messages(1, "v"))
    assert world.hold(converse(spec)).best_score.n == 1


@pytest.mark.parametrize("name", NAMES)
def test_no_training_examples_still_end_well(name):
    world = World(one_module_program())
    assert world.hold(converse(spec_for(name, train=()))).best_score.n == 20


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1, 20, 500])
def test_any_minibatch_size_works(name, size):
    world = World(one_module_program())
    spec = spec_for(name, settings=replace(SMALL, minibatch_size=size))
    world.hold(converse(spec))
    assert all(len(e.examples) <= 20 for e in world.evaluated if e.purpose == Purpose.MINIBATCH)


def kept_program(**changes):
    """Two modules, the second with what is kept; it has a demo of its own."""
    program = two_module_program()
    extract, decide = program.modules
    signature = replace(decide.signature, instruction="Decide. Never guess. See {topic}.")
    own = (Demo({"message": "win a prize", "topic": "prizes", "label": "spam"}),)
    decide = replace(decide, signature=signature, demos=own, **changes)
    return replace(program, modules=(extract, decide))


def tried(world, module):
    return [e.candidate.modules[module] for e in world.evaluated]


@pytest.mark.parametrize("name", NAMES)
@given(
    phrases=st.sets(st.sampled_from(["Never guess.", "Decide.", "See {topic}"])),
    instruction=st.booleans(),
    demos=st.booleans(),
    replies=st.sampled_from(
        ["Never guess.", "Number {n}.", "Never guess, {n} of {topic}.", "Decide. Never guess. {n}"]
    ),
)
@settings(max_examples=6, deadline=None)
def test_what_is_locked_or_frozen_is_in_every_candidate(name, phrases, instruction, demos, replies):
    program = kept_program(
        locked=tuple(sorted(phrases)), frozen_instruction=instruction, frozen_demos=demos
    )
    world = World(program, write=lambda text, n: replies.replace("{n}", str(n)))
    world.hold(converse(spec_for(name, program)))
    said, own = program.module("decide").signature.instruction, program.module("decide").demos
    for prompt in tried(world, "decide"):
        assert all(phrase in prompt.instruction for phrase in phrases)
        assert "{topic}" in prompt.instruction
        assert prompt.instruction == said or not instruction
        assert prompt.demos == own or not demos


@pytest.mark.parametrize("name", NAMES)
def test_where_all_is_frozen_only_the_baseline_is_scored(name):
    program = two_module_program()
    frozen = [replace(m, frozen_instruction=True, frozen_demos=True) for m in program.modules]
    program = replace(program, modules=tuple(frozen))
    world = World(program)
    result = world.hold(converse(spec_for(name, program)))
    assert not world.asked
    assert {e.candidate for e in world.evaluated} == {baseline_of(program)}
    assert result.best == baseline_of(program)


@pytest.mark.parametrize("name", ["bayesian_bootstrap", "bootstrap_search"])
def test_demos_only_never_writes_an_instruction(name):
    world = World(one_module_program())
    world.hold(converse(spec_for(name)))
    assert not world.asked
    assert {p.instruction for e in world.evaluated for p in e.candidate.modules.values()} == {
        "Decide whether the message is spam."
    }


def test_mipro_gives_the_best_mean_a_full_evaluation_every_s_trials():
    world = World(one_module_program())
    world.hold(converse(spec_for("mipro")))
    kinds = [e.full for e in world.events_of(TrialStarted)]
    assert kinds[0] is True
    assert kinds[1:] == [False] * 4 + [True] + [False] * 4 + [True] + [False] * 4 + [True]
    assert len(world.events_of(MinibatchScored)) == SMALL.trials


def test_more_trials_than_combinations_end_well():
    world = World(one_module_program())
    few = replace(SMALL, instructions=2, demo_sets=1, trials=30)
    result = world.hold(converse(spec_for("mipro", settings=few)))
    assert result.stop is StopReason.COMPLETED


def test_unusable_proposals_are_drawn_again_and_never_tried():
    world = World(one_module_program(), write=lambda text, n: "Use {nothing_like_it}.")
    world.hold(converse(spec_for("mipro")))
    proposed = world.events_of(InstructionProposed)
    assert [e.source for e in proposed] == ["current", "direct", "step by step"]
    assert any("no field of the module" in told(e.reason) for e in world.events_of(ProposalRefused))


@pytest.mark.parametrize(
    ("reply", "count"),
    [
        ('"COMPLETE"', 0),
        ("COMPLETE. No more.", 0),
        ("complete", 0),
        ("Complete words are rare.", 10),
    ],
)
def test_complete_is_the_word_alone_or_in_capitals(reply, count):
    world = World(one_module_program(), write=lambda text, n: reply)
    world.hold(converse(spec_for("mipro", train=messages(100, "t"))))
    observed = [a for a in world.asked if a.purpose == "dataset observations"]
    assert len(observed) == (count or 5)
    assert any(a.purpose == "dataset summary" for a in world.asked) == bool(count)


def test_the_dataset_summary_sees_rows_from_all_over_the_file():
    world = World(one_module_program())
    world.hold(converse(spec_for("mipro", train=messages(300, "t"))))
    observed = [a.prompts[0] for a in world.asked if a.purpose == "dataset observations"]
    said = "\n".join(m.content for prompt in observed for m in prompt.messages)
    assert any(f"message {number}" in said for number in range(250, 300))


def test_the_dataset_summary_stops_after_five_completes():
    world = World(one_module_program(), write=lambda text, n: "COMPLETE")
    world.hold(converse(spec_for("mipro", train=messages(100, "t"))))
    observed = [a for a in world.asked if a.purpose == "dataset observations"]
    assert len(observed) == 5
    assert not [a for a in world.asked if a.purpose == "dataset summary"]


@pytest.mark.parametrize("effort", [Effort.LIGHT, Effort.MEDIUM, Effort.HEAVY])
@pytest.mark.parametrize("name", NAMES)
def test_the_optimizers_own_settings_fit_any_program(name, effort):
    optimizer = OPTIMIZERS[name]
    chosen = optimizer.settings(effort, two_module_program())
    assert chosen.trials >= (chosen.demo_sets if name == "bootstrap_search" else 12)
    assert (chosen.instructions > 1) == optimizer.uses_instructions
    assert (chosen.demo_sets > 1) == optimizer.uses_demos


def test_a_large_validation_split_is_cut_to_a_fixed_random_part():
    spec = spec_for("mipro", validation=messages(300, "v"))
    part = validation_of(spec)
    assert len(part) == 100
    assert part == validation_of(spec)
    assert set(part) < set(spec.validation)

"""The reflective optimizer: it learns from failures, keeps what helps, and spends what it may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.core.conversation.events import (
    InstructionProposed,
    Noted,
    ProposalRefused,
    Result,
    StopReason,
    TrialStarted,
)
from optimizer.core.conversation.requests import Ask, Outcomes, Purpose, Replies, Request
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.instructions.model_probe import PURPOSE
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Module, Program
from optimizer.core.strategies import cost_model
from tests.fakes.kinds import RULES, KindWorld, kind_messages, read_and_add_a_rule
from tests.fakes.random_search import RandomSearch
from tests.fakes.telling import told
from tests.fakes.world import LABEL, World, messages, one_module_program, two_module_program

PLANNED = Settings(trials=40, minibatch_size=8, full_every=4)


def spec_of(program: Program | None = None, **changes: object) -> RunSpec:
    spec = RunSpec(
        program or one_module_program(),
        LABEL,
        "reflective",
        PLANNED,
        {Role.TASK: ModelRef(1, "scripted")},
        train=kind_messages(40, "t"),
        validation=kind_messages(24, "v"),
    )
    return replace(spec, **changes)  # type: ignore[arg-type]


def held(world: World, spec: RunSpec) -> Result:
    return world.hold(OPTIMIZERS["reflective"].converse(spec, RandomSearch))


def reflections(world: World) -> list[str]:
    asked = [a for a in world.asked if a.purpose.startswith("reflection")]
    return [prompt.messages[0].content for ask in asked for prompt in ask.prompts]


def instructions(world: World, module: str) -> set[str]:
    return {e.candidate.modules[module].instruction for e in world.evaluated}


@pytest.mark.parametrize("program", [one_module_program(), two_module_program()])
@pytest.mark.parametrize("seed", range(3))
def test_it_finds_every_rule_that_the_reasons_tell(program: Program, seed: int) -> None:
    world = KindWorld(program, write=read_and_add_a_rule)
    result = held(world, spec_of(program, seed=seed))
    written = " ".join(prompt.instruction for prompt in result.best.modules.values())
    assert all(rule in written for rule in RULES.values())
    assert result.best_score is not None
    assert (result.best_score.mean, result.stop) == (1.0, StopReason.PERFECT)


def test_without_reasons_the_same_writer_finds_nothing() -> None:
    world = KindWorld(one_module_program(), write=read_and_add_a_rule, gives_reasons=False)
    result = held(world, spec_of())
    assert result.best == baseline_of(one_module_program())


def test_only_training_examples_are_reflected_on() -> None:
    world = KindWorld(two_module_program(), write=read_and_add_a_rule)
    spec = spec_of(two_module_program())
    held(world, spec)
    seen = [e for e in world.evaluated if e.purpose is Purpose.REFLECTION]
    assert seen
    assert all(set(e.examples) <= set(spec.train) for e in seen)
    assert reflections(world)
    assert not any("v text" in text for text in reflections(world))


def test_what_another_candidate_got_right_is_shown_beside_the_failure() -> None:
    world = World(one_module_program())
    held(world, spec_of(train=messages(12, "t"), validation=messages(20, "v")))
    assert any("--- Pair 1 ---\nCame out right:" in text for text in reflections(world))


def test_one_module_is_rewritten_at_a_time_in_turn() -> None:
    world = KindWorld(two_module_program(), write=read_and_add_a_rule)
    held(world, spec_of(two_module_program()))
    asked = [a.purpose for a in world.asked if a.purpose.startswith("reflection")]
    assert asked[:4] == ["reflection for extract", "reflection for decide"] * 2


def test_a_child_that_is_no_better_gets_no_trial_and_is_told() -> None:
    def kinder(text: str, n: int) -> str:
        return f"Idea {n}: " + " ".join(f"be kind to {n * k}." for k in range(1, 9))

    world = KindWorld(one_module_program(), write=kinder)
    held(world, spec_of())
    assert [t.number for t in world.events_of(TrialStarted)] == [0]
    refused = [e for e in world.events_of(ProposalRefused) if "0 better" in told(e.reason)]
    assert refused
    assert "on the same 8 examples" in told(refused[0].reason)


def test_every_trial_but_the_baseline_was_ahead_of_its_parent_on_training_examples() -> None:
    world = World(one_module_program())
    held(world, spec_of(train=messages(30, "t"), validation=messages(20, "v")))
    run_on_train = {e.candidate for e in world.evaluated if e.purpose is Purpose.REFLECTION}
    tried = [t for t in world.events_of(TrialStarted) if t.number]
    assert tried
    assert all(t.full and t.candidate in run_on_train for t in tried)


@given(
    trials=st.integers(1, 30),
    size=st.integers(1, 30),
    every=st.integers(1, 12),
    train=st.integers(1, 40),
    validation=st.integers(1, 30),
)
@settings(max_examples=60, deadline=None)
def test_it_never_scores_more_examples_than_it_may(
    trials: int, size: int, every: int, train: int, validation: int
) -> None:
    chosen = Settings(trials=trials, minibatch_size=size, full_every=every)
    world = World(two_module_program())
    splits = {"train": messages(train, "t"), "validation": messages(validation, "v")}
    held(world, spec_of(two_module_program(), settings=chosen, **splits))
    most = cost_model.reflections(chosen, validation).examples[1]
    assert world.spent <= validation + most
    asked = [a for a in world.asked if a.purpose.startswith("reflection")]
    assert len(asked) <= 3 * trials


def test_a_minibatch_without_a_failure_is_drawn_again() -> None:
    """One training example in ten fails: most minibatches of two are solved."""

    def judge(candidate: Candidate, example: object) -> float:
        return float(not str(getattr(example, "id", "")).endswith("7"))

    world = World(one_module_program(), judge=judge)
    small = replace(PLANNED, minibatch_size=2, trials=60)
    held(world, spec_of(settings=small, train=messages(40, "t"), validation=messages(20, "v")))
    texts = reflections(world)
    assert texts
    assert all("--- Example 1 ---" in text for text in texts)


def test_a_training_split_that_is_solved_already_ends_the_search_early() -> None:
    def judge(candidate: Candidate, example: object) -> float:
        return float(str(getattr(example, "id", "")).startswith("t"))

    world = World(one_module_program(), judge=judge)
    held(world, spec_of(train=messages(40, "t"), validation=messages(20, "v")))
    assert not reflections(world)
    assert any(
        "training examples come out right" in told(e.message) for e in world.events_of(Noted)
    )


class WeakWorld(KindWorld):
    """Its optimizer model cannot put a sentence into other words."""

    def answer(self, request: Request) -> Outcomes | Replies:
        answer = super().answer(request)
        if isinstance(request, Ask) and request.purpose == PURPOSE:
            return tuple("the the the" for _ in request.prompts)
        return answer


def with_modules(program: Program, change: Callable[[Module], Module]) -> Program:
    return replace(program, modules=tuple(change(m) for m in program.modules))


def test_a_frozen_instruction_is_never_touched_and_a_locked_phrase_always_kept() -> None:
    def change(module: Module) -> Module:
        if module.name == "extract":
            return replace(module, frozen_instruction=True)
        return replace(module, locked=("whether the message",))

    program = with_modules(two_module_program(), change)
    world = KindWorld(program, write=read_and_add_a_rule)
    result = held(world, spec_of(program))
    assert instructions(world, "extract") == {"Name the message's topic."}
    assert len(instructions(world, "decide")) > 2
    assert all("whether the message" in text for text in instructions(world, "decide"))
    assert result.best != result.best.with_module("decide", baseline_of(program).modules["decide"])


def test_with_every_instruction_frozen_there_is_nothing_to_do() -> None:
    program = with_modules(two_module_program(), lambda m: replace(m, frozen_instruction=True))
    world = KindWorld(program, write=read_and_add_a_rule)
    result = held(world, spec_of(program))
    assert result.best == baseline_of(program)
    assert not world.asked
    assert [e.warning for e in world.events_of(Noted)] == [True]


def test_no_training_examples_are_told_before_anything_is_asked() -> None:
    world = KindWorld(one_module_program(), write=read_and_add_a_rule)
    held(world, spec_of(train=()))
    assert not world.asked
    assert any("no training examples" in told(e.message) for e in world.events_of(Noted))


def test_a_model_too_weak_to_rewrite_a_sentence_reflects_once_a_module() -> None:
    world = WeakWorld(two_module_program(), write=read_and_add_a_rule)
    held(world, spec_of(two_module_program()))
    asked = [a.purpose for a in world.asked if a.purpose.startswith("reflection")]
    assert asked == ["reflection for extract", "reflection for decide"]


def test_announced_instructions_are_numbered_as_the_trials_choose_them() -> None:
    world = KindWorld(two_module_program(), write=read_and_add_a_rule)
    held(world, spec_of(two_module_program()))
    told = {(e.module, e.index): e.instruction for e in world.events_of(InstructionProposed)}
    for trial in world.events_of(TrialStarted):
        for parameter, index in trial.choice.items():
            name = parameter.partition(":")[0]
            assert told[name, index] == trial.candidate.modules[name].instruction

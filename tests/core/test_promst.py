"""PROMST: kinds of errors, a tree of prompts, and a screen that is measured."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from optimizer.core.conversation.events import (
    InstructionDescended,
    Noted,
    ProposalRefused,
    StopReason,
    TrialStarted,
)
from optimizer.core.conversation.requests import Purpose
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.evaluation.cases import cases_of, failures_of
from optimizer.core.instructions.error_kinds import UNREADABLE, WRONG, kinds_of
from optimizer.core.metrics.feedback import FeedbackRule, Sign
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.lm import Role
from optimizer.core.search.screening import LEAST, Screen
from tests.fakes.kinds import RULES, KindWorld, kind_messages
from tests.fakes.random_search import RandomSearch
from tests.fakes.telling import told
from tests.fakes.world import LABEL, World, always, messages, one_module_program, two_module_program

SAYS_HAM = FeedbackRule(Sign.EQUALS, "label", "ham was said where a link stands", "ham")
SAYS_SPAM = FeedbackRule(Sign.EQUALS, "label", "spam was said of a friend", "spam")


def spec_of(**changes: object) -> RunSpec:
    spec = RunSpec(
        one_module_program(),
        LABEL,
        "promst",
        Settings(trials=32, step_candidates=4, minibatch_size=8),
        {Role.TASK: ModelRef(1, "scripted")},
        train=kind_messages(40, "t"),
        validation=kind_messages(24, "v"),
    )
    return replace(spec, **changes)  # type: ignore[arg-type]


def held(world: World, spec: RunSpec):
    return world.hold(OPTIMIZERS["promst"].converse(spec, RandomSearch))


def said(world: World, purpose: str) -> list[str]:
    asked = [ask for ask in world.asked if ask.purpose.startswith(purpose)]
    return [prompt.messages[0].content for ask in asked for prompt in ask.prompts]


def sum_up_and_add(text: str, n: int) -> str:
    """Sums up which rules were missed, and adds one that a summary names."""
    missed = sorted(set(re.findall(r"the (\w+) rule was missed", text)))
    if text.endswith("Summary:"):
        return " and ".join(f"the {kind} rule was missed" for kind in missed)
    current = re.search(r"The current instruction \(.*?\):\n(.*?)\n\nWhat goes", text, re.DOTALL)
    assert current is not None
    open_ones = [kind for kind in missed if RULES[kind] not in current[1]]
    return f"{current[1]} {RULES[open_ones[n % len(open_ones)]]}" if open_ones else current[1]


@pytest.mark.parametrize("program", [one_module_program(), two_module_program()])
def test_it_finds_the_rules_that_the_reasons_of_failures_tell(program) -> None:
    world = KindWorld(program, write=sum_up_and_add)
    settings = Settings(trials=64, step_candidates=4, minibatch_size=8)
    result = held(world, spec_of(program=program, settings=settings))
    written = " ".join(prompt.instruction for prompt in result.best.modules.values())
    assert sum(rule in written for rule in RULES.values()) >= 2
    assert result.best_score.mean > result.baseline_score.mean


def test_one_level_has_children_of_the_best_two_and_a_child_sees_its_ancestors() -> None:
    world = KindWorld(one_module_program(), write=sum_up_and_add)
    result = held(world, spec_of())
    descents = world.events_of(InstructionDescended)
    parents = [d.parent for d in descents]
    assert parents == sorted(parents)
    assert parents[0] == 0
    later = said(world, "children of level 2")
    assert later
    assert all("Its instructions so far, the oldest first" in text for text in later)
    assert result.best_score.mean == 1.0
    assert result.stop is StopReason.PERFECT


def test_failures_are_told_apart_by_the_rules_and_summed_up_once_a_kind() -> None:
    world = KindWorld(one_module_program(), write=sum_up_and_add)
    held(world, spec_of(feedback_rules=(SAYS_HAM, SAYS_SPAM)))
    first = next(ask for ask in world.asked if ask.purpose == "errors of classify")
    assert len(first.prompts) == 2
    shown = [prompt.messages[0].content for prompt in first.prompts]
    assert any(SAYS_HAM.text in text for text in shown)
    assert any(SAYS_SPAM.text in text for text in shown)
    (child, *_) = said(world, "children of level 1")
    assert f"1. {SAYS_HAM.text} (in" in child or f"1. {SAYS_SPAM.text} (in" in child


def test_what_no_rule_speaks_of_is_unreadable_or_wrong() -> None:
    program = one_module_program()
    world = KindWorld(program)
    rows = kind_messages(4, "t")
    outcomes = [world.outcome(baseline_of(program), row) for row in rows]
    failed = failures_of(cases_of(rows, outcomes))
    module = program.modules[0]
    assert [(k.label, len(k.cases)) for k in kinds_of(module, failed, ())] == [(WRONG, 4)]
    broken = [replace(c, trace=(replace(c.trace[0], problem="no label"),)) for c in failed[:3]]
    found = kinds_of(module, [*failed[3:], *broken], ())
    assert [(k.label, len(k.cases)) for k in found] == [(UNREADABLE, 3), (WRONG, 1)]
    elsewhere = replace(SAYS_HAM, module="another")
    assert [k.label for k in kinds_of(module, failed, [elsewhere])] == [WRONG]


def test_only_training_examples_are_looked_at_for_errors() -> None:
    world = KindWorld(one_module_program(), write=sum_up_and_add)
    spec = spec_of()
    held(world, spec)
    seen = [e for e in world.evaluated if e.purpose is Purpose.REFLECTION]
    assert seen
    assert all(set(e.examples) <= set(spec.train) for e in seen)
    assert not any("v text" in text for text in (*said(world, "errors"), *said(world, "children")))


def test_a_prompt_without_errors_has_no_children() -> None:
    world = World(one_module_program(), always(1.0))
    held(world, spec_of(train=messages(20, "t"), validation=messages(20, "v")))
    assert world.asked == []


def test_it_ends_when_the_best_of_a_level_has_fallen_twice_in_a_row() -> None:
    world = World(one_module_program(), _falling, write=_longer)
    held(world, spec_of(train=messages(40, "t"), validation=messages(40, "v"),
                        settings=Settings(trials=200, step_candidates=2)))  # fmt: skip
    levels = {ask.purpose for ask in world.asked if ask.purpose.startswith("children")}
    assert levels == {"children of level 1", "children of level 2"}


def _falling(candidate: Candidate, example) -> float:
    length = len(candidate.modules["classify"].instruction.split())
    return float(int(re.sub(r"\D", "", example.id)) % 40 < 40 - length)


def _longer(text: str, n: int) -> str:
    current = re.search(r"The current instruction \(.*?\):\n(.*?)\n\nWhat goes", text, re.DOTALL)
    if current is None:
        return "It is wrong."
    words = " ".join(f"word{n}x{i}" for i in range(6))
    return f"{current[1]} {words}"


def _by_words(candidate: Candidate, example) -> float:
    """Scores follow the words of an instruction: “good” ones help, “bad” ones harm."""
    text = candidate.modules["classify"].instruction
    level = 50 + 2 * len(re.findall("good", text)) - 2 * len(re.findall("bad", text))
    return float(int(re.sub(r"\D", "", example.id)) * 37 % 100 < level)


def _good_or_bad(text: str, n: int) -> str:
    current = re.search(r"The current instruction \(.*?\):\n(.*?)\n\nWhat goes", text, re.DOTALL)
    if current is None:
        return "It is wrong."
    word = random.Random(n).choice(["good", "bad", "bad"])
    return f"{current[1]} Think of {word} {word}ness in {word} way {n} and number {n * 31}."


def test_poor_proposals_are_left_out_before_a_call_and_a_tenth_of_them_is_tried() -> None:
    world = World(one_module_program(), _by_words, write=_good_or_bad)
    spec = spec_of(train=messages(40, "t"), validation=messages(100, "v"),
                   settings=Settings(trials=160, step_candidates=8, minibatch_size=8))  # fmt: skip
    held(world, spec)
    refused = [r for r in world.events_of(ProposalRefused) if "before any call" in told(r.reason)]
    scored = world.events_of(TrialStarted)
    bad = [r for r in refused if r.instruction.rpartition("Think of ")[2].startswith("bad")]
    assert len(refused) > 10
    assert len(bad) > 0.7 * len(refused)
    assert len(scored) + len(refused) <= 161
    note = next(n for n in world.events_of(Noted) if "were left out" in told(n.message))
    assert note.message.values["left_out"] == len(refused)
    assert 0 < note.message.values["audited"] < len(refused)
    assert note.message.values["off"] < 20


def test_a_cap_that_ends_it_leaves_what_the_screen_was_worth() -> None:
    world = World(one_module_program(), _by_words, write=_good_or_bad, budget=2200)
    spec = spec_of(train=messages(40, "t"), validation=messages(100, "v"),
                   settings=Settings(trials=160, step_candidates=8, minibatch_size=8))  # fmt: skip
    assert held(world, spec).stop is StopReason.BUDGET
    assert any("were left out" in told(note.message) for note in world.events_of(Noted))


def test_nothing_is_foretold_before_a_few_prompts_were_scored() -> None:
    screen = Screen()
    for n in range(LEAST):
        assert screen.outlook("a text", 0.001) is None
        screen.observe(f"prompt {n}", 0.5)
    assert screen.outlook("a text", 0.001) is not None


def test_a_prompt_worded_like_good_ones_is_expected_to_be_good() -> None:
    screen = Screen()
    for n in range(5):
        screen.observe(f"Weigh every clue {n} with care before the answer.", 0.8 + n / 100)
        screen.observe(f"Guess number {n} at once, never look back.", 0.2 + n / 100)
    good = screen.outlook("Weigh every clue 9 with care before the answer.", 0.001)
    bad = screen.outlook("Guess number 9 at once, never look back.", 0.001)
    new = screen.outlook("ワープロで手紙を書く", 0.001)
    assert good.mean > 0.7
    assert bad.mean < 0.35
    assert abs(new.mean - 0.5) < 0.1
    assert new.deviation > max(good.deviation, bad.deviation)

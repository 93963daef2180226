"""Proposals drawn through the guards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.conversation.events import ProposalRefused
from optimizer.core.conversation.requests import Ask, Unfinished
from optimizer.core.instructions.drafting import REDRAWS, Draft, clean, drafted
from optimizer.core.instructions.guards import near_duplicate
from optimizer.core.programs.lm import Message, Prompt
from optimizer.core.programs.program import Module
from tests.core.test_guards import spec_with
from tests.fakes.replies import instructions
from tests.fakes.telling import told
from tests.fakes.world import World, one_module_program, two_module_program

SPEC = spec_with()
MODULE = SPEC.program.modules[0]
Write = Callable[[str, int], str | Unfinished]


def draft(module: Module = MODULE, source: str = "grounded") -> Draft:
    def prompt(sample: int) -> Prompt:
        return Prompt((Message("user", f"Write one for {module.name}"),), sample=sample)

    return Draft(module, prompt, source)


def written(write: Write, count: int = 2) -> tuple[World, tuple[str | None, ...]]:
    world = World(SPEC.program, write=write)
    kept = {MODULE.name: [MODULE.signature.instruction]}
    texts = world.hold(drafted(SPEC, [draft()] * count, kept, "instructions"))
    return world, texts


def test_all_drafts_are_asked_at_once_each_with_a_draw_of_its_own() -> None:
    world, texts = written(lambda text, n: f"Way number {n} of doing it.", 3)
    (asked,) = world.asked
    assert [p.sample for p in asked.prompts] == [0, 1, 2]
    assert asked.purpose == "instructions"
    assert all(texts)
    assert not world.events


def test_a_refused_draft_is_told_and_drawn_again_with_another_sample() -> None:
    def write(text: str, n: int) -> str:
        return "Use {nothing}." if n == 100 else f"Way number {n} of doing it."

    world, texts = written(write)
    assert [[p.sample for p in a.prompts] for a in world.asked] == [[0, 1], [2]]
    assert texts == ("Way number 200 of doing it.", "Way number 101 of doing it.")
    (refused,) = world.events_of(ProposalRefused)
    assert refused.module == MODULE.name
    assert refused.instruction == "Use {nothing}."
    assert "{nothing}" in told(refused.reason)
    assert refused.source == "grounded"


def test_a_draft_refused_every_time_is_given_up_and_no_trial_is_spent() -> None:
    world, texts = written(lambda text, n: "")
    assert texts == (None, None)
    assert len(world.asked) == REDRAWS + 1
    assert len(world.events_of(ProposalRefused)) == 2 * (REDRAWS + 1)
    assert not world.evaluated


def test_equal_drafts_of_one_round_are_one() -> None:
    world, texts = written(lambda text, n: "Say spam when it sells something.")
    assert texts == ("Say spam when it sells something.", None)
    assert all("repeats" in told(e.reason) for e in world.events_of(ProposalRefused))


def test_equal_drafts_for_two_modules_are_two() -> None:
    program = two_module_program()
    spec = replace(SPEC, program=program)
    world = World(program, write=lambda text, n: "Do it with all the care that you have.")
    texts = world.hold(drafted(spec, [draft(m) for m in program.modules], {}, "instructions"))
    assert all(texts)


def test_no_drafts_ask_nothing() -> None:
    world, texts = written(lambda text, n: "", 0)
    assert texts == ()
    assert not world.asked


def test_labels_quotes_and_fences_are_taken_off() -> None:
    assert clean("**New instruction:** Do it.") == "Do it."
    assert clean("```text\nInstruction: Do it.\n```") == "Do it."
    assert clean("“Do it.”") == "Do it."
    assert clean('"Do it" or "leave it"') == '"Do it" or "leave it"'


@pytest.mark.parametrize(("reply", "right"), instructions(), ids=lambda text: ascii(text[:40]))
def test_no_wrapping_ends_up_in_an_instruction(reply: str, right: str) -> None:
    assert clean(reply) == right
    assert clean(right) == right


def test_what_holds_no_instruction_is_drawn_again_and_says_why() -> None:
    told = {100: "<think>What shall I write", 101: "```\nDo A.\n```\nor\n```\nDo B.\n```"}
    world, texts = written(lambda text, n: told.get(n, f"Way number {n} of doing it."))
    assert texts == ("Way number 200 of doing it.", "Way number 201 of doing it.")
    refused = world.events_of(ProposalRefused)
    assert [r.reason.code for r in refused] == ["proposal.only_wrapping"] * 2
    assert [r.instruction for r in refused] == list(told.values())


@pytest.mark.parametrize(
    ("finish", "code"),
    [("length", "cut_off"), ("content_filter", "no_reply"), ("refusal", "no_reply")],
)
def test_a_text_that_was_cut_off_or_refused_is_never_taken(finish: str, code: str) -> None:
    def write(text: str, n: int) -> str | Unfinished:
        said = f"Way number {n} of doing it."
        return Unfinished(said, finish) if n < 200 else said

    world, texts = written(write)
    assert texts == ("Way number 200 of doing it.", "Way number 201 of doing it.")
    assert [
        (r.reason.code, r.reason.values["finish"]) for r in world.events_of(ProposalRefused)
    ] == [(f"proposal.{code}", finish)] * 2


PARTS = ("keep", "calm", "and", "decide", "spam", "ham", "{message}", ".")
REPLY = st.one_of(
    st.sampled_from(["", "Decide whether the message is spam.", "Keep calm.", "Use {nothing}."]),
    st.lists(st.sampled_from(PARTS)).map(" ".join),
    st.text(max_size=40),
)


@given(st.lists(REPLY, min_size=12, max_size=12))
def test_what_is_accepted_keeps_the_locked_phrase_and_is_never_said_twice(
    replies: list[str],
) -> None:
    module = one_module_program().modules[0]
    signature = replace(module.signature, instruction="Decide, but keep calm.")
    module = replace(module, signature=signature, locked=("keep calm",))
    spec = replace(SPEC, program=replace(SPEC.program, modules=(module,)))
    told = iter(replies)
    world = World(spec.program, write=lambda text, n: next(told))
    kept = [signature.instruction]
    texts = world.hold(drafted(spec, [draft(module)] * 4, {module.name: kept}, "instructions"))

    accepted = kept + [text for text in texts if text is not None]
    assert all("keep calm" in text for text in accepted)
    assert not any(near_duplicate(a, b) for a, b in combinations(accepted, 2))
    drawn = sum(len(a.prompts) for a in world.asked if isinstance(a, Ask))
    assert len(world.events_of(ProposalRefused)) == drawn - (len(accepted) - 1)

"""GPO: edit budgets along a cosine, related attempts, steps whose best goes on."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.conversation.events import InstructionDescended, ProposalRefused, TrialStarted
from optimizer.core.conversation.requests import Purpose
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.instructions.edits import (
    Attempt,
    budget_at,
    edited_words,
    related_attempts,
)
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.lm import Role
from tests.fakes.random_search import RandomSearch
from tests.fakes.telling import told
from tests.fakes.world import LABEL, World, always, messages, one_module_program, two_module_program

START = "Decide whether the message is spam."
WORDS = ("amber", "brook", "cedar", "delta", "ember", "fjord", "grove", "hazel", "ivory", "jetty")
texts = st.lists(st.sampled_from(["decide", "whether", "the", "mail", "is", "spam"]), max_size=12)


def spec_of(**changes: object) -> RunSpec:
    spec = RunSpec(
        one_module_program(),
        LABEL,
        "gpo",
        Settings(trials=12, step_candidates=4),
        {Role.TASK: ModelRef(1, "scripted")},
        train=messages(10, "t"),
        validation=messages(20, "v"),
    )
    return replace(spec, **changes)  # type: ignore[arg-type]


def held(world: World, spec: RunSpec):
    return world.hold(OPTIMIZERS["gpo"].converse(spec, RandomSearch))


def said(world: World) -> list[str]:
    return [prompt.messages[0].content for ask in world.asked for prompt in ask.prompts]


def appending(count: int):
    """A writer that puts so many new words to the end of what it was given."""

    def write(text: str, n: int) -> str:
        found = re.search(r"The current instruction:\n(.*?)\n\n", text, re.DOTALL)
        assert found is not None
        new = " ".join(WORDS[(n * 7 + i * (n + 1)) % len(WORDS)] + str(n) for i in range(count))
        return f"{found[1]} {new}"

    return write


def test_the_budget_falls_along_a_cosine_from_fifty_words_to_ten() -> None:
    assert [budget_at(step, 5, 50, 10) for step in range(5)] == [50, 44, 30, 16, 10]
    assert budget_at(0, 1, 50, 10) == 50
    assert {budget_at(step, 6, 20, 20) for step in range(6)} == {20}


@given(st.integers(2, 40), st.integers(1, 90), st.integers(1, 90))
def test_a_budget_lies_between_both_ends_and_goes_one_way(steps: int, first: int, last: int):
    found = [budget_at(step, steps, first, last) for step in range(steps)]
    assert (found[0], found[-1]) == (first, last)
    assert found == sorted(found, reverse=first > last)


def test_a_word_put_in_taken_out_or_replaced_is_one_edit() -> None:
    assert edited_words(START, START) == 0
    assert edited_words(START, "Decide whether the message is really spam.") == 1
    assert edited_words(START, "Decide whether the mail is spam.") == 1
    assert edited_words(START, "Decide whether it is spam, please.") == 3
    assert edited_words("", "three new words") == 3
    assert edited_words("メールを分類する", "手紙を分類する") == 3


@given(texts, texts)
def test_edits_are_counted_the_same_bounded_by_the_longer_text(one: list[str], other: list[str]):
    edits = edited_words(" ".join(one), " ".join(other))
    assert abs(len(one) - len(other)) <= edits <= len(one) + len(other)
    assert (edits == 0) == (one == other)


def test_related_attempts_are_the_current_one_and_those_worded_like_it() -> None:
    attempts = [
        Attempt(0, "Sort the letter by its sender.", 0.9),
        Attempt(1, "Decide whether the message is spam, calmly.", 0.3),
        Attempt(2, "Write a poem.", 0.8),
        Attempt(3, START, 0.5),
        Attempt(4, "Decide if a message is spam.", 0.7),
    ]
    found = related_attempts(START, attempts, 3)
    assert [attempt.index for attempt in found] == [1, 3, 4]
    assert [attempt.index for attempt in related_attempts(START, attempts, 1)] == [3]
    assert len(related_attempts("never tried", attempts, 3)) == 3


def test_a_rewriting_over_its_budget_is_drawn_again_and_then_left_out() -> None:
    world = World(one_module_program(), write=appending(9))
    held(world, spec_of(settings=Settings(trials=4, step_candidates=2, edit_budget=9,
                                          edit_budget_end=8)))  # fmt: skip
    descents = world.events_of(InstructionDescended)
    assert [(d.edited, d.budget) for d in descents] == [(9, 9), (9, 9)]
    refused = world.events_of(ProposalRefused)
    assert len(refused) == 6  # both of the second step, three draws each
    assert {told(r.reason) for r in refused} == {"it changes 9 words where 8 may change."}
    assert "You may change at most 9 words of" in said(world)[0]


def test_every_step_goes_on_from_the_best_of_the_one_before() -> None:
    world = World(one_module_program(), write=appending(4))
    held(world, spec_of())
    trials = world.events_of(TrialStarted)
    assert len(trials) == 13
    scores = {e.candidate: e for e in world.evaluated if e.purpose is Purpose.FULL}
    assert len(scores) == 12
    descents = world.events_of(InstructionDescended)
    assert [d.index for d in descents] == list(range(1, 13))
    assert {d.parent for d in descents[:4]} == {0}
    (second,) = {d.parent for d in descents[4:8]}
    (third,) = {d.parent for d in descents[8:]}
    assert second in range(1, 5)
    assert third in range(5, 9)
    assert all(0 < len(d.shown) <= 3 for d in descents)
    assert all(d.parent in d.shown for d in descents)


def test_a_step_has_one_prompt_drawn_anew_with_three_examples_for_the_form() -> None:
    world = World(one_module_program(), write=appending(4))
    held(world, spec_of())
    prompts = said(world)
    assert len(set(prompts)) == 3
    assert all(prompt.count("message: t message") == 3 for prompt in prompts)
    drawn = [p for ask in world.asked for p in ask.prompts]
    assert {p.temperature for p in drawn} == {1.0}
    assert len({p.sample for p in drawn}) == 12


def test_modules_have_their_turns() -> None:
    world = World(two_module_program(), write=appending(4))
    held(world, spec_of(program=two_module_program()))
    assert {d.module for d in world.events_of(InstructionDescended)[:4]} == {"extract"}
    assert {d.module for d in world.events_of(InstructionDescended)[4:8]} == {"decide"}


def test_it_ends_where_the_writer_gives_nothing_new() -> None:
    world = World(one_module_program(), always(0.5), write=lambda text, n: START)
    held(world, spec_of(settings=Settings(trials=400, step_candidates=4)))
    assert len(world.events_of(TrialStarted)) == 1
    assert len(world.asked) < 20

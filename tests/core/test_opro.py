"""OPRO: the meta-prompt to the byte, what is dropped, and people's wishes of the history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.conversation.events import (
    InstructionProposed,
    ProposalRefused,
    StepAsked,
    TrialStarted,
)
from optimizer.core.conversation.requests import Consult, Purpose, Request
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.instructions.history_board import (
    BEST,
    Entry,
    Sign,
    Wish,
    bucket_of,
    dropped,
    meta_prompt,
    shown_entries,
    wishes_in,
)
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType
from tests.fakes.random_search import RandomSearch
from tests.fakes.telling import told
from tests.fakes.world import LABEL, World, always, messages, one_module_program, two_module_program

MODULE = one_module_program().modules[0]
START = MODULE.signature.instruction
META = """\
Below are instructions for a task, each with the score that it came to. Scores are whole numbers \
from 0 to 100, higher is better; the order is ascending.

instruction:
Guess.
score:
13

instruction:
Decide whether the message is spam.
score:
50

In these examples of the task the instruction goes where it says <INSTRUCTION>.

<INSTRUCTION>
message: t message 0
label: ham

<INSTRUCTION>
message: t message 1
label: spam

The fields of the task:
- input message: text
- output label: one of ham, spam

Write an instruction that is unlike all of those above and that will have a score as high as can \
be. It must fit every input, not the examples alone. Answer with the new instruction only.

Instruction:"""
WORDS = ("weigh", "look", "read", "judge", "think", "note", "ask", "see", "mind", "tell")


@dataclass
class Wishing(World):
    """`wished`: what people wish by the number of the step in which they are asked."""

    wished: dict[int, tuple[Wish, ...]] = field(default_factory=dict)
    consulted: int = 0

    def answer(self, request: Request):
        if isinstance(request, Consult):
            self.digests.append(request.digest)
            told_now = self.wished.get(self.consulted, ())
            self.consulted += 1
            return tuple(wish.told() for wish in told_now)
        return super().answer(request)


def spec_of(**changes: object) -> RunSpec:
    spec = RunSpec(
        one_module_program(),
        LABEL,
        "opro",
        Settings(trials=12, step_candidates=4),
        {Role.TASK: ModelRef(1, "scripted")},
        train=messages(10, "t"),
        validation=messages(20, "v"),
    )
    return replace(spec, **changes)  # type: ignore[arg-type]


def held(world: World, spec: RunSpec):
    return world.hold(OPTIMIZERS["opro"].converse(spec, RandomSearch))


def various(text: str, n: int) -> str:
    return (
        f"{WORDS[n % 10]} {WORDS[n // 10 % 10]} the {WORDS[(n * 7) % 10]} of message way {n} well."
    )


def prompts(world: World) -> list[str]:
    return [p.messages[0].content for ask in world.asked for p in ask.prompts]


def entries(scores: Iterable[float]) -> list[Entry]:
    return [Entry(f"text {n}", score) for n, score in enumerate(scores)]


def test_the_meta_prompt_is_this_to_the_byte() -> None:
    history = [Entry("Guess.", 0.125), Entry(START, 0.5)]
    prompt = meta_prompt(MODULE, history, messages(2, "t"), temperature=1.0, sample=7)
    assert prompt.messages[0].content == META
    assert (prompt.temperature, prompt.sample) == (1.0, 7)


def test_scores_are_whole_numbers_of_a_hundred_buckets() -> None:
    assert [bucket_of(s) for s in (0, 0.004, 0.005, 0.495, 0.8749, 1.0)] == [0, 0, 1, 50, 87, 100]


@given(st.lists(st.floats(0, 1), max_size=40), st.integers(0, 100))
def test_the_best_twenty_are_shown_ascending_without_those_below_the_least(scores, least):
    shown = shown_entries(entries(scores), (), least)
    told_scores = [entry.score for entry in shown]
    assert told_scores == sorted(told_scores)
    fine = sorted(s for s in scores if bucket_of(s) >= least)
    assert told_scores == fine[-BEST:]


def test_pinned_texts_stay_and_hidden_ones_go_whatever_they_scored() -> None:
    known = entries([n / 30 for n in range(30)])
    wishes = [Wish("m", Sign.PIN, "text 0"), Wish("m", Sign.HIDE, "text 29")]
    shown = [entry.text for entry in shown_entries(known, wishes, 50)]
    assert shown[0] == "text 0"
    assert "text 29" not in shown
    assert len(shown) == 15  # 15 … 28, and the pinned one
    both = [*wishes, Wish("m", Sign.HIDE, "text 0")]
    assert "text 0" not in [entry.text for entry in shown_entries(known, both)]
    many = [Wish("m", Sign.PIN, f"text {n}") for n in range(25)]
    assert len(shown_entries(known, many)) == 25


def test_a_step_draws_all_from_one_prompt_at_temperature_one() -> None:
    world = Wishing(one_module_program(), write=various)
    held(world, spec_of())
    drawn = [p for ask in world.asked for p in ask.prompts]
    assert [len(ask.prompts) for ask in world.asked if ask.prompts] == [4, 4, 4]
    assert len({p.messages[0].content for p in drawn}) == 3
    assert {p.temperature for p in drawn} == {1.0}
    assert len({p.sample for p in drawn}) == 12
    steps = world.events_of(StepAsked)
    assert [s.prompt for s in steps] == list(dict.fromkeys(prompts(world)))
    assert steps[0].prompt.count("score:") == 1
    assert steps[1].prompt.count("score:") == 5
    assert all(prompt.count("message: t message") == 3 for prompt in prompts(world))
    fulls = [e for e in world.evaluated if e.purpose is Purpose.FULL]
    assert len(fulls) == len(world.events_of(TrialStarted)) - 1 == 12


def test_exemplars_are_drawn_anew_or_are_those_that_fail_most_often() -> None:
    hard = {"t3", "t7"}

    def judge(candidate: Candidate, example) -> float:
        return float(example.id not in hard and not example.id.startswith("v1"))

    world = Wishing(one_module_program(), judge, write=various)
    held(world, spec_of(settings=Settings(trials=12, step_candidates=4, failed_exemplars=2)))
    looked = [e for e in world.evaluated if e.purpose is Purpose.REFLECTION]
    assert len(looked) == 3
    for step in world.events_of(StepAsked):
        assert "t message 3\n" in step.prompt
        assert "t message 7\n" in step.prompt
    plain = Wishing(one_module_program(), judge, write=various)
    held(plain, spec_of())
    shown = [s.prompt.split("goes where it says")[1] for s in plain.events_of(StepAsked)]
    assert len(set(shown)) == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Say which. " * 60, "longer than 500 characters"),
        ("Put <INSTRUCTION> before the message.", "stands for itself"),
        ("Write [INSTRUCTION] and answer.", "stands for itself"),
    ],
)
def test_what_is_too_long_or_keeps_the_placeholder_is_dropped(text: str, why: str) -> None:
    found = dropped(MODULE, START, text)
    assert found is not None
    assert why in told(found)
    assert dropped(MODULE, "x" * 900, "Say which. " * 60) is None


def fixed(instruction: str, locked: tuple[str, ...] = (), given: tuple[str, ...] = ()) -> Program:
    """The program with another instruction, phrases of it locked, and further inputs."""
    more = tuple(Field(name, FieldType.TEXT) for name in given)
    signature = replace(
        MODULE.signature, instruction=instruction, inputs=(*MODULE.signature.inputs, *more)
    )
    module = replace(MODULE, signature=signature, locked=locked)
    return replace(one_module_program(), modules=(module,))


@pytest.mark.parametrize(
    ("program", "kept"),
    [
        (fixed("Decide: spam or ham.", ("spam or ham",)), "spam or ham"),
        (fixed("Decide on eBay mail.", ("eBay mail",)), "eBay mail"),
        (fixed("Follow [instruction] well.", ("[instruction]",)), "[instruction]"),
        (fixed("Follow {instruction} well.", (), ("instruction",)), "{instruction}"),
    ],
)
def test_what_must_stay_neither_gets_a_capital_nor_is_dropped(program: Program, kept: str) -> None:
    world = Wishing(program, write=lambda text, n: f"{kept} says it: {various(text, n)}")
    held(world, spec_of(program=program))
    written = [e.instruction for e in world.events_of(InstructionProposed) if e.index]
    assert written
    assert all(kept in text for text in written)
    assert not world.events_of(ProposalRefused)


def test_figures_are_dropped_where_figures_are_the_answer() -> None:
    count = replace(MODULE.signature, outputs=(Field("count", FieldType.INTEGER),))
    module = replace(MODULE, signature=count)
    assert dropped(module, START, "Count; it is often 42.") is not None
    assert dropped(module, "Round to 2 places.", "Round to 3 places.") is None
    assert dropped(MODULE, START, "Think 3 times.") is None


def test_texts_begin_with_a_capital() -> None:
    world = Wishing(one_module_program(), write=various)
    held(world, spec_of())
    written = [e.instruction for e in world.events_of(InstructionProposed) if e.index]
    assert written
    assert all(text[0].isupper() for text in written)


def test_wishes_count_from_the_step_after_they_were_made() -> None:
    own = Wish("classify", Sign.ADD, "Say spam only where money is asked for.")
    hide, pin = Wish("classify", Sign.HIDE, START), Wish("classify", Sign.PIN, own.text)
    world = Wishing(one_module_program(), write=various, wished={1: (own,), 2: (own, hide, pin)})
    held(world, spec_of())
    first, second, third = world.events_of(StepAsked)
    assert own.text not in first.prompt
    assert own.text in second.prompt
    assert f"{START}\nscore" in second.prompt
    assert f"{START}\nscore" not in third.prompt
    added = [e for e in world.events_of(InstructionProposed) if e.source == "added by hand"]
    assert [e.instruction for e in added] == [own.text]
    assert len(world.events_of(TrialStarted)) == 13


def test_a_wish_that_the_guards_refuse_is_told_once() -> None:
    bad = Wish("classify", Sign.ADD, "Use {nothing} for it.")
    elsewhere = Wish("gone", Sign.ADD, "Of a module that is not there.")
    always_wished = dict.fromkeys(range(5), (bad, elsewhere))
    world = Wishing(one_module_program(), write=various, wished=always_wished)
    held(world, spec_of())
    refused = [e for e in world.events_of(ProposalRefused) if e.source == "added by hand"]
    assert [e.instruction for e in refused] == [bad.text]


def test_the_same_wishes_lead_to_the_same_conversation() -> None:
    wished = {1: (Wish("classify", Sign.ADD, "Say spam only where money is asked for."),)}
    worlds = [Wishing(one_module_program(), write=various, wished=wished) for _ in range(2)]
    for world in worlds:
        held(world, spec_of())
    assert worlds[0].digests == worlds[1].digests
    without = Wishing(one_module_program(), write=various)
    held(without, spec_of())
    assert without.digests != worlds[0].digests


def test_modules_have_their_turns() -> None:
    world = Wishing(two_module_program(), write=various)
    held(world, spec_of(program=two_module_program()))
    assert [s.module for s in world.events_of(StepAsked)] == ["extract", "decide", "extract"]


def test_a_wish_is_read_back_as_it_was_told() -> None:
    wish = Wish("m", Sign.ADD, "“Grüße”\n{x} \\ 你好")
    assert wishes_in([wish.told()]) == (wish,)


def test_it_ends_where_nothing_new_is_written() -> None:
    world = Wishing(one_module_program(), always(0.5), write=lambda text, n: START)
    held(world, spec_of(settings=Settings(trials=400, step_candidates=4)))
    assert len(world.events_of(TrialStarted)) == 1

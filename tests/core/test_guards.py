"""What keeps a proposed instruction from being tried."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.evaluation.cases import Case
from optimizer.core.instructions.guards import (
    LEAK_WORDS,
    MAX_LENGTH,
    near_duplicate,
    refusal,
    words,
)
from optimizer.core.instructions.prompts import (
    TIPS,
    propose_instruction,
    propose_program,
    reflect_instruction,
)
from optimizer.core.problems import Problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.core.programs.signature import Field, FieldType
from tests.fakes.telling import told
from tests.fakes.world import LABEL, messages, one_module_program, two_module_program

LONG = "The parcel that I sent to my aunt in Lisbon three weeks ago never arrived at her door"
SHORT = "Where is my parcel?"
CURRENT = "Decide whether the message is spam."
TEXT = st.text(alphabet="abcde {}\n.é漢", max_size=60)


def spec_with(program: Program | None = None, **changes: object) -> RunSpec:
    spec = RunSpec(
        program or one_module_program(),
        LABEL,
        "mipro",
        Settings(),
        {Role.TASK: ModelRef(1, "scripted")},
        train=(
            Example("1", {"message": LONG}, {"label": "ham"}),
            Example("2", {"message": SHORT}, {"label": "ham"}),
            Example("3", {"message": "Hello there"}, {"label": "ham"}),
        ),
        validation=messages(4),
    )
    return replace(spec, **changes)  # type: ignore[arg-type]


def module_with(**changes: object) -> Module:
    module = one_module_program().modules[0]
    if "instruction" in changes:
        instruction = changes.pop("instruction")
        changes["signature"] = replace(module.signature, instruction=str(instruction))
    return replace(module, **changes)  # type: ignore[arg-type]


def program_with(module: Module) -> Program:
    return replace(one_module_program(), modules=(module,))


def said(refused: Problem | None) -> str:
    return told(refused) if refused else ""


def why(text: str, kept: tuple[str, ...] = (CURRENT,), **module: object) -> str:
    made = module_with(**module)
    return said(refusal(spec_with(program_with(made)), made, text, kept))


def test_a_new_instruction_may_be_tried() -> None:
    assert why("Say spam for advertising and ham for anything a friend would write.") == ""


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_an_empty_text_is_refused(text: str) -> None:
    assert why(text) == "it was empty."


def test_a_text_above_the_cap_is_refused() -> None:
    assert "longer than 3000 characters" in why("x" * (MAX_LENGTH + 1))


def test_the_cap_grows_with_the_programs_own_instruction() -> None:
    own = "Rule by rule. " * 300
    other = " ".join(f"Case {n} asks for answer {n + 1}." for n in range(140))
    assert len(other) > MAX_LENGTH
    assert why(other, instruction=own) == ""


def test_a_text_that_goes_in_circles_is_refused() -> None:
    assert "goes in circles" in why("The example is to find spam in the message.\n\n" * 6)
    assert why("Say spam for advertising. Say ham otherwise. Say nothing else.") == ""


def test_a_sentence_said_three_times_is_a_circle_whatever_stands_between() -> None:
    between = ("Look for figures", "A name is no date", "Times count too", "Say it as it stands")
    said = [f"{other}. In the example, find the date!" for other in between]
    assert "“in the example find the date” is said 3 times" in why("\n".join(said[:3]))
    assert "is said 3 times" in why("\n\n\n".join(said[:3])), "blank lines are no sentences"
    assert why("\n".join(said[:2])) == ""
    assert why("Yes or no. " * 3 + "Answer in one of these words.") == ""


def test_rules_of_one_form_are_no_circles() -> None:
    places = ("a person", "a place", "a date", "a company", "a film", "a river", "a number")
    rules = " ".join(f"If the answer is {p}, give it in its shortest form." for p in places)
    assert why(f"Answer the question. {rules} Otherwise answer in one word.") == ""


@pytest.mark.parametrize("tip", [tip for tip in TIPS.values() if tip])
def test_a_text_that_repeats_its_tip_is_refused(tip: str) -> None:
    assert "copies from the request" in why(f"Say spam for advertising.\n\nTip: {tip.upper()}")


def test_a_text_that_repeats_what_any_request_says_is_refused() -> None:
    (example,), two = messages(1), two_module_program()
    decide = two.modules[1]
    now = {module.name: ModulePrompt("Decide.") for module in two.modules}
    case = Case("1", example.inputs, example.expected, {}, 0.0, "", ())
    requests = (
        propose_instruction(decide, now[decide.name], history=[("Guess.", 0.5)], temperature=0.7),
        propose_program(two, two.modules, now, demos={}, temperature=0.7),
        reflect_instruction(two, decide, now[decide.name], [case], [(case, case)], temperature=0.7),
    )
    for request in requests:
        first, *_, task, end = request.messages[0].content.split("\n\n")
        assert "copies from the request" in why(f"Say spam for advertising. {first}")
        assert "copies from the request" in why(f"Say spam for advertising. {task} {end}")


def test_the_programs_own_words_may_be_those_of_a_request() -> None:
    own = "Write a review. Keep the instruction clear and concise."
    assert why("Review the text. Keep the instruction clear and concise.", instruction=own) == ""


def test_a_field_that_does_not_exist_is_refused() -> None:
    assert "{topic}, which is no field" in why("Look at {topic}.")


def test_a_lost_placeholder_is_refused() -> None:
    own = "Read {message} and decide."
    assert "loses {message}" in why("Decide what it is.", instruction=own)
    assert why("Decide after you read {message} twice.", instruction=own) == ""


def test_a_lost_locked_phrase_is_refused() -> None:
    locked = {"instruction": "Decide. Never guess.", "locked": ("Never guess.",)}
    assert "loses the locked phrase “Never guess.”" in why("Decide whether it is spam.", **locked)
    assert "loses the locked phrase" in why("Is it spam? never guess.", **locked)
    assert why("Is it spam or ham? Never guess.", **locked) == ""


def test_a_repetition_is_refused_and_so_is_a_near_duplicate() -> None:
    assert why("decide  whether the message is SPAM") == "it repeats another instruction."
    long = "Read the whole message from its first word to its last, then decide whether it is an "
    long += "advertisement that nobody asked for, and if so answer with the word that says it."
    assert "all but another" in why(long.replace("decide", "determine"), kept=(long,))


def test_an_added_rule_makes_another_instruction() -> None:
    """Small refinements of long prompts are what reflection writes."""
    long = " ".join(f"Rule {n}: treat case {n} with care." for n in range(60))
    assert not near_duplicate(long, f"{long} A message with a phone number to call back is spam.")


def test_order_makes_another_instruction() -> None:
    assert not near_duplicate("Say spam, not ham, if it sells.", "Say ham, not spam, if it sells.")


def test_a_run_of_words_from_the_data_is_refused() -> None:
    copied = " ".join(LONG.split()[2 : 2 + LEAK_WORDS])
    assert "copies from the data" in why(f"Messages such as “{copied}” are ham, others spam.")
    fewer = " ".join(LONG.split()[2 : 1 + LEAK_WORDS])
    assert why(f"Messages such as “{fewer}” are ham, others spam.") == ""


def test_a_whole_short_input_is_refused() -> None:
    assert "copies a whole input" in why("If they ask: where is my parcel, it is ham.")


def test_a_greeting_is_no_copy() -> None:
    assert why("A message that says hello there is ham, unless it sells something.") == ""


def test_validation_examples_are_not_to_be_copied_either() -> None:
    spec = spec_with(train=(), validation=(Example("v", {"message": LONG}, {"label": "ham"}),))
    assert "copies from the data" in said(refusal(spec, spec.program.modules[0], LONG, ()))


def test_expected_texts_are_not_to_be_copied_either() -> None:
    answers = Example("a", {"message": "Which?"}, {"label": ["ham", LONG]})
    spec = spec_with(train=(answers,))
    assert "copies from the data" in said(refusal(spec, spec.program.modules[0], LONG, ()))


def test_what_the_programs_own_instruction_has_is_no_copy() -> None:
    assert why(f"{LONG}. That is ham; say spam for what sells.", kept=(), instruction=LONG) == ""


def test_listed_choices_are_no_copy() -> None:
    choices = (LONG, "ham")
    module = module_with()
    label = Field("label", FieldType.CHOICE, choices=choices)
    module = replace(module, signature=replace(module.signature, outputs=(label,)))
    examples = (Example("a", {"message": "Which?"}, {"label": LONG}),)
    spec = spec_with(program_with(module), train=examples)
    assert refusal(spec, module, f"Choose one of: {LONG}; ham.", ()) is None


def test_han_characters_are_words_of_their_own() -> None:
    assert words("注文42を Refund") == ["注", "文", "42", "を", "refund"]


SAID = st.lists(st.text(min_size=1, max_size=9), min_size=4, max_size=20).map(" ".join)


@given(SAID, st.integers(0, 3), st.text(max_size=20), st.text(max_size=20))
def test_a_text_with_a_whole_training_input_is_never_tried(
    said: str, place: int, before: str, after: str
) -> None:
    assume(len(words(said)) >= 4)
    examples = list(messages(3))
    examples.insert(place, Example("x", {"message": said}, {"label": "ham"}))
    spec = spec_with(train=tuple(examples))
    assert refusal(spec, spec.program.modules[0], f"{before} {said} {after}", ()) is not None


@given(st.lists(TEXT, max_size=3), TEXT)
def test_a_text_that_may_be_tried_keeps_every_locked_phrase(phrases: list[str], text: str) -> None:
    locked = tuple(p for p in phrases if p.strip())
    module = module_with(instruction=" ".join(locked), locked=locked)
    if not refusal(spec_with(program_with(module)), module, text, ()):
        assert all(phrase in text for phrase in locked)


@given(TEXT, TEXT)
def test_being_near_is_mutual(text: str, other: str) -> None:
    assert near_duplicate(text, text)
    assert near_duplicate(text, other) == near_duplicate(other, text)


@pytest.mark.parametrize(
    ("text", "declined"),
    [
        ("I'm sorry, but I can't help with that.", True),
        ("I cannot write instructions for this task.", True),
        ("As an AI language model, I have no opinion on that.", True),
        ("Could you provide more details about the task?", True),
        ("Give the label of the message, and say you are sorry where it complains.", False),
        ("Can you give the label of the message in one word?", False),
    ],
)
def test_who_will_not_write_has_written_no_instruction(text: str, declined: bool) -> None:
    found = refusal(spec_with(), module_with(), text, [])
    assert (found is not None and found.code == "proposal.declined") == declined

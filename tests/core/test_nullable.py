"""Fields without a value: read, said, shown and scored as null where there may be none."""

from __future__ import annotations

import pytest

from optimizer import codec
from optimizer.core.evaluation.execute import predict
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.metrics.comparison import Comparison
from optimizer.core.metrics.contains import Contains
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.numeric import Numeric
from optimizer.core.metrics.token_f1 import TokenF1
from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.parse import parse
from optimizer.core.programs.program import Call, Program
from optimizer.core.programs.render import input_text, reply_schema, reply_text, system_text
from optimizer.core.programs.signature import Field, FieldType, Signature, Value
from optimizer.core.programs.steps import alone
from tests.fakes.steps import held

TEXT = Field("text")
DATE = Field("date", nullable=True)
PEOPLE = Field("people", FieldType.INTEGER, nullable=True)
SLOT = Field("slot", FieldType.CHOICE, choices=("none", "time"), nullable=True)
BOOK = Predict("book", Signature((TEXT, DATE), (PEOPLE, DATE, SLOT)))
ONE = Predict("one", Signature((TEXT,), (PEOPLE,)))
COMPARISONS: tuple[type[Comparison], ...] = (
    ExactMatch, TokenF1, Contains, ChoiceAccuracy, Numeric,
)  # fmt: skip


@pytest.mark.parametrize(
    "said",
    ["null", '"null"', '"None"', '"none."', '"nothing"', '"N/A"', '""', '" "', "[null]"],
)
def test_a_reply_that_says_there_is_none_reads_as_null(said: str) -> None:
    reply = f'{{"people": {said}, "date": {said if said != "[null]" else "null"}, "slot": "time"}}'
    assert parse(BOOK, reply) == {"people": None, "date": None, "slot": "time"}


@pytest.mark.parametrize(
    ("kind", "said"),
    [(kind, said) for kind in FieldType for said in ("null", '"null"', '"none"', '"nothing"')],
)
def test_and_never_for_a_field_that_has_a_value(kind: FieldType, said: str) -> None:
    choices = ("a", "b") if kind is FieldType.CHOICE else ()
    module = Predict("m", Signature((TEXT,), (Field("x", kind, choices=choices),)))
    try:
        assert parse(module, f'{{"x": {said}}}')["x"] is not None
    except UnreadableReply:
        return


def test_a_choice_that_is_called_none_is_the_choice() -> None:
    assert parse(BOOK, '{"people": 2, "date": null, "slot": "None"}')["slot"] == "none"
    assert parse(BOOK, '{"people": 2, "date": null, "slot": null}')["slot"] is None


@pytest.mark.parametrize(
    "reply",
    [
        '{"slot": "time"}',
        'Here: {"slot": "time"} and no more.',
        "people: null\ndate: none\nslot: time",
        "people:\ndate:\nslot: time",
        "<people></people><date>null</date><slot>time</slot>",
        '{"slot": "time", "people": null}\ntext: the next\n{"slot": "none"}',
        "{'people': None, 'date': None, 'slot': 'time'}",
    ],
)
def test_what_an_object_leaves_out_or_a_label_leaves_empty_is_null(reply: str) -> None:
    assert parse(BOOK, reply) == {"people": None, "date": None, "slot": "time"}


@pytest.mark.parametrize(
    "reply", ['{"slot": "time", "peo', '{"slot": "time"', "slot: time", "", "{}", '{"date": nul']
)
def test_what_broke_off_or_names_nothing_is_not_read(reply: str) -> None:
    with pytest.raises(UnreadableReply):
        parse(BOOK, reply)


@pytest.mark.parametrize(
    "reply", ["null", "None.", "**nothing**", "```\nnull\n```", "people: none"]
)
def test_a_single_answer_may_be_nothing_but_null(reply: str) -> None:
    assert parse(ONE, reply) == {"people": None}


def test_an_empty_reply_says_nothing_at_all() -> None:
    with pytest.raises(UnreadableReply):
        parse(ONE, "")


def test_the_prompt_says_null_and_the_schema_takes_it() -> None:
    assert input_text(BOOK, {"text": "Hi", "date": None}) == "text: Hi\ndate: null"
    assert '"people": <a whole number, or null if there is none>' in system_text(BOOK, "")
    assert reply_schema(BOOK)["properties"]["people"] == {
        "anyOf": [{"type": "integer"}, {"type": "null"}]
    }
    thinking = ChainOfThought("book", BOOK.signature)
    assert reply_schema(thinking)["properties"]["reasoning"] == {"type": "string"}


def test_a_demo_shows_null_and_may_show_nothing_else() -> None:
    demo = Demo({"text": "Hi", "date": None, "people": None, "slot": None})

    assert BOOK.demo_problems(demo) == []
    assert reply_text(BOOK, demo) == '{"people": null, "date": null, "slot": null}'
    assert [p.code for p in BOOK.demo_problems(Demo({"text": "Hi"}))] == ["demo.no_output"]


def test_null_goes_along_wires_as_null() -> None:
    program = Program(
        "two", (TEXT,), (
            Predict("first", Signature((TEXT,), (DATE,))),
            Predict("then", Signature((DATE,), (PEOPLE,))),
        ),
        (
            Call("first", "first", {"text": "input.text"}),
            Call("then", "then", {"date": "first.date"}),
        ),
        {"date": "first.date", "people": "then.people"},
    )  # fmt: skip
    said: list[str] = []

    def answer(prompt: Prompt) -> Reply:
        said.append(prompt.messages[-1].content)
        return Reply('{"date": null}' if len(said) == 1 else '{"people": "none"}')

    found = held(predict(program, baseline_of(program), {"text": "Hi"}), answer)

    assert found.outputs == {"date": None, "people": None}
    assert said == ["text: Hi", "date: null"]


def score(kind: type[Comparison], given: Value, expected: Value) -> Score:
    example, prediction = Example("1", {}, {"gold": expected}), Prediction({"answer": given})
    found = alone(kind("answer", "gold").score(example, prediction))
    assert found is not None
    return found


@pytest.mark.parametrize("kind", COMPARISONS)
def test_null_is_right_where_null_is_expected_and_nowhere_else(kind: type[Comparison]) -> None:
    assert score(kind, None, None).value == 1
    for other in ("a", 0, 1.5, False, ["a"], "none"):
        assert score(kind, None, other).value == 0
        assert score(kind, other, None).value == 0
        assert "null" in score(kind, other, None).reason


@pytest.mark.parametrize("kind", COMPARISONS)
def test_an_expected_null_can_be_answered_where_the_output_may_be_null(
    kind: type[Comparison],
) -> None:
    assert kind("answer", "gold").attainable(Field("answer", nullable=True), None)


def test_a_file_without_the_key_stays_as_it_was_written() -> None:
    plain, nullable = Field("x"), Field("x", nullable=True)

    assert codec.to_json(plain) == {"name": "x", "type": "text", "description": "", "choices": []}
    assert codec.to_json(nullable)["nullable"] is True
    for field in (plain, nullable):
        assert codec.from_json(Field, codec.to_json(field)) == field


def test_nothing_is_null_though_a_choice_is_only_a_mark() -> None:
    field = Field("x", FieldType.CHOICE, choices=("_", "0"), nullable=True)
    assert (field.read(""), field.read("_")) == (None, "_")

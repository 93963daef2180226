"""Typed fields: what a value may be, and how a file's or a reply's text becomes one."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.programs.signature import (
    Field,
    FieldType,
    Signature,
    UnreadableValue,
    placeholders,
    resolve_placeholders,
    unknown_placeholders,
    written,
)
from tests.core.programs import INTENT, MESSAGE, fields, values_of
from tests.fakes.telling import all_told

INTEGER = Field("n", FieldType.INTEGER)
NUMBER = Field("n", FieldType.NUMBER)
BOOLEAN = Field("b", FieldType.BOOLEAN)
LIST = Field("l", FieldType.LIST)


@given(st.data())
def test_a_value_of_the_type_is_read_as_itself(data: st.DataObject) -> None:
    field = data.draw(fields("x"))
    value = data.draw(values_of(field))

    assert field.read(value) == value


@given(st.data())
def test_a_value_written_into_a_prompt_is_read_back(data: st.DataObject) -> None:
    field = data.draw(fields("x").filter(lambda f: f.type is not FieldType.TEXT))
    value = data.draw(values_of(field))

    assert field.read(written(value)) == value


@given(st.data())
def test_a_value_survives_its_json(data: st.DataObject) -> None:
    field = data.draw(fields("x"))
    value = field.read(data.draw(values_of(field)))

    assert field.read(json.loads(json.dumps(value))) == value


@pytest.mark.parametrize(
    ("field", "given_", "value"),
    [
        (INTEGER, "1,234", 1234),
        (INTEGER, " 7 ", 7),
        pytest.param(INTEGER, "-" + "0" * 5000 + "7", -7, id="thousands of zeros"),
        (INTEGER, "3.0", 3),
        (INTEGER, "$1,200", 1200),
        (INTEGER, "1 200", 1200),
        (INTEGER, "1.200.000", 1200000),
        (INTEGER, "−5", -5),
        (INTEGER, "#### 42", 42),
        (INTEGER, "1.5 million", 1500000),
        (NUMBER, "42,5", 42.5),
        (NUMBER, "3,14", 3.14),
        (NUMBER, "1.234,5", 1234.5),
        (NUMBER, "1,234.5", 1234.5),
        (NUMBER, "0,500", 0.5),
        (NUMBER, "42 %", 42.0),
        (NUMBER, "1/2", 0.5),
        (INTEGER, 12345678901234567890, 12345678901234567890),
        (INTEGER, "12345678901234567891", 12345678901234567891),
        (NUMBER, "-0.5", -0.5),
        (NUMBER, "1e3", 1000.0),
        (BOOLEAN, "Yes", True),
        (BOOLEAN, 0, False),
        (LIST, '["a", "b, c"]', ["a", "b, c"]),
        (LIST, "a; b, c\nd", ["a", "b", "c", "d"]),
        (LIST, "- a\n- b, c", ["a", "b, c"]),
        (LIST, "1. a\n2. b", ["a", "b"]),
        (LIST, "a, b, and c", ["a", "b", "c"]),
        (LIST, "['a', 'b']", ["a", "b"]),
        (LIST, "[a, b]", ["a", "b"]),
        (LIST, [1, "x", None], ["1", "x", "null"]),
        (LIST, "", []),
        (INTENT, "Refund", "refund"),
        (INTENT, ' "refund." ', "refund"),
    ],
)
def test_what_people_and_models_write_is_read(field: Field, given_: object, value: object) -> None:
    assert field.read(given_) == value


@pytest.mark.parametrize(
    ("field", "given_", "reason"),
    [
        (INTEGER, "3.5", "not a whole number"),
        (INTEGER, True, "not a number"),
        (NUMBER, "about 3", "not a number"),
        (NUMBER, "(1,2)", "not a number"),
        (NUMBER, "1,2,3", "not a number"),
        (NUMBER, "3 to 5", "not a number"),
        (NUMBER, "5m", "not a number"),
        (INTENT, "The intent is refund.", "none of the choices"),
        (NUMBER, "nan", "not a finite number"),
        (NUMBER, math.inf, "not a finite number"),
        (NUMBER, [1], "not a number"),
        (BOOLEAN, "maybe", "neither true nor false"),
        (LIST, 5, "not a list"),
        (LIST, "[1, 2", "begins like a JSON list"),
        (MESSAGE, None, "no value"),
        (INTENT, "praise", "none of the choices (refund, delivery, other)"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(
    field: Field, given_: object, reason: str
) -> None:
    with pytest.raises(UnreadableValue) as refused:
        field.read(given_)

    assert str(refused.value).startswith(f"{field.name}: ")
    assert reason in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *((field, "1" * 5000) for field in (INTEGER, NUMBER, BOOLEAN, INTENT)),
        *((field, "[" * 100_000) for field in (INTEGER, NUMBER, BOOLEAN, INTENT, LIST)),
    ],
    ids=lambda value: value.type if isinstance(value, Field) else value[:3],
)
def test_text_beyond_all_measure_is_refused_in_a_short_sentence(field: Field, text: str) -> None:
    with pytest.raises(UnreadableValue) as refused:
        field.read(text)

    assert len(str(refused.value)) < 300


def test_a_choice_that_ends_in_a_point_is_found_in_any_case() -> None:
    field = Field("unit", FieldType.CHOICE, choices=("a.m.", "p.m."))

    assert field.read("A.M.") == "a.m."


def test_choices_that_differ_in_case_only_are_told_apart() -> None:
    field = Field("gene", FieldType.CHOICE, choices=("Abc", "abc"))

    assert [field.read("Abc"), field.read("abc")] == ["Abc", "abc"]
    with pytest.raises(UnreadableValue):
        field.read("ABC")  # may be either


def test_characters_that_postgres_cannot_hold_are_replaced() -> None:
    assert MESSAGE.read("a\0b\ud800c") == "a\ufffdb\ufffdc"
    assert LIST.read(["\0"]) == ["\ufffd"]


def test_numbers_are_read_as_postgres_gives_them_back() -> None:
    """Its JSON knows no minus zero, and writes large numbers without an exponent."""
    assert json.dumps(NUMBER.read(-0.0)) == "0.0"
    assert json.dumps(NUMBER.read("1e22")) == "1" + "0" * 22


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        (Field("2nd"), "not a field name"),
        (Field("first name"), "not a field name"),
        (Field("größe"), "not a field name"),
        (Field(""), "not a field name"),
        (Field("x" * 65), "not a field name"),
        (Field("reasoning"), "where modules write down what they think"),
        (Field("x", FieldType.CHOICE, choices=("a",)), "at least two choices"),
        (Field("x", FieldType.CHOICE, choices=("a", "a")), "lists a choice twice"),
        (Field("x", FieldType.CHOICE, choices=("a", " b")), "space at an end"),
        (Field("x", FieldType.CHOICE, choices=("a", "")), "is empty"),
    ],
)
def test_a_field_says_what_is_wrong_with_it(field: Field, problem: str) -> None:
    assert any(problem in found for found in all_told(field.problems()))


@given(fields())
def test_a_sound_field_has_no_problem(field: Field) -> None:
    assert field.problems() == []


def test_a_signature_names_its_own_problems() -> None:
    signature = Signature((MESSAGE, MESSAGE), (), "Read {message} and {mesage}.")

    assert all_told(signature.problems()) == [
        "The field name “message” is used twice.",
        "A module needs at least one output.",
    ]
    assert all_told(signature.hints()) == [
        "{mesage} in the instruction names no field of this module; "
        "its fields are message, message.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        r"Answer in LaTeX, like \frac{a}{b} or \text{none}.",
        "Fix: for x in {items}: print(f'{x}')",
        "Call /users/{user_id}/orders.",
        'Answer like {"label": "x"}; the set {a, b}; a{color:red}; {} and %(message)s.',
        r"Write \frac{{a}}{{b}}.",
    ],
)
def test_what_is_no_field_in_braces_is_sent_as_it_stands(text: str) -> None:
    signature = Signature((MESSAGE,), (Field("answer"),), f"Read {{message}}. {text}")

    assert signature.problems() == []
    assert resolve_placeholders(signature.instruction, signature.names) == f"Read `message`. {text}"


def test_the_braces_of_other_tools_are_told() -> None:
    for text in ("Read {{message}}.", "Read {{ message }}."):
        signature = Signature((MESSAGE,), (Field("answer"),), text)
        assert all_told(signature.hints()) == [
            "{{message}} in the instruction is sent as it stands: write {message} to speak of the "
            "field."
        ]
        assert resolve_placeholders(text, signature.names) == text


def test_placeholders_are_names_in_single_braces() -> None:
    text = 'Read {a}, then {b} and {a}; {{c}} and {"d": 1} and {} and {9} are not.'

    assert placeholders(text) == ["a", "b"]
    assert unknown_placeholders(text, ["a"]) == ["b"]
    assert resolve_placeholders(text, ["a"]).startswith("Read `a`, then {b} and `a`; {{c}}")


@given(st.text())
def test_any_instruction_can_be_resolved(text: str) -> None:
    assert placeholders(resolve_placeholders(text, placeholders(text))) == []

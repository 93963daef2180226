"""What the columns of a file seem to hold."""

from __future__ import annotations

import io
import json

import pytest

from optimizer.core.programs.signature import Field, FieldType
from optimizer.datasets.columns import Column, Role, field_names
from optimizer.datasets.guessing import describe
from optimizer.datasets.reading import read_table


def columns(text: str, name: str = "x.csv") -> dict[str, Column]:
    return {c.name: c for c in describe(read_table(io.BytesIO(text.encode()), name))}


@pytest.mark.parametrize(
    "name",
    ["label", "Answer", "expected_output", "intentLabel", "gold answer", "CATEGORY", "target", "y"],
)
def test_names_of_answers_are_expected(name: str) -> None:
    found = columns(f"text,{name}\n" + "".join(f"t{n},v{n}\n" for n in range(6)))
    assert (found["text"].role, found[name].role) == (Role.INPUT, Role.EXPECTED)


@pytest.mark.parametrize("name", ["id", "ticket_id", "index", "UUID"])
def test_row_numbers_and_ids_are_kept_as_metadata(name: str) -> None:
    found = columns(f"{name},text,label\n" + "".join(f"{n},t{n},v{n % 2}\n" for n in range(6)))
    assert found[name].role is Role.METADATA


def test_constant_and_empty_columns_are_ignored() -> None:
    found = columns("text,source,note,label\n" + "".join(f"t{n},web,,v{n % 2}\n" for n in range(6)))
    assert (found["source"].role, found["note"].role) == (Role.IGNORED, Role.IGNORED)


def test_without_a_telling_name_the_column_with_labels_is_expected() -> None:
    found = columns("kind,message\n" + "".join(f"{'ab'[n % 2]},t{n}\n" for n in range(8)))
    assert found["kind"].role is Role.EXPECTED


def test_without_labels_the_last_column_is_expected() -> None:
    found = columns("one,two\n" + "".join(f"s{n},t{n}\n" for n in range(8)))
    assert found["two"].role is Role.EXPECTED


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2", "-3"], FieldType.INTEGER),
        (["1.5", "2", "1e3"], FieldType.NUMBER),
        (["27,275.25", "1"], FieldType.NUMBER),
        (["0123", "4"], FieldType.TEXT),
        (["1,7", "2"], FieldType.TEXT),
        (["true", "False"], FieldType.BOOLEAN),
        (["yes", "1"], FieldType.TEXT),
    ],
)
def test_types_are_the_narrowest_that_all_values_have(values: list[str], kind: FieldType) -> None:
    text = "x,label\n" + "".join(f'"{value}",a{n}\n' for n, value in enumerate(values))
    assert columns(text)["x"].type is kind


def test_a_guessed_type_reads_every_value() -> None:
    text = 'x,label\n"27,275.25",a\n-3,b\n1e3,c\n'
    column = columns(text)["x"]
    assert [Field("x", column.type).read(sample) for sample in column.samples] == [
        27275.25,
        -3,
        1000,
    ]


def test_lists_are_lists() -> None:
    assert columns('{"x": ["a"], "label": "b"}\n' * 3, "x.jsonl")["x"].type is FieldType.LIST


def test_expected_values_that_repeat_are_a_choice_of_labels() -> None:
    found = columns(
        "text,label\n" + "".join(f"t{n},{'ham' if n % 3 else 'spam'}\n" for n in range(9))
    )
    assert found["label"].type is FieldType.CHOICE
    assert found["label"].labels == (("ham", 6), ("spam", 3))


def test_few_whole_numbers_are_a_choice_and_many_are_numbers() -> None:
    few = columns("text,label\n" + "".join(f"t{n},{n % 2}\n" for n in range(20)))
    many = columns("text,answer\n" + "".join(f"t{n},{n}\n" for n in range(20)))
    assert (few["label"].type, many["answer"].type) == (FieldType.CHOICE, FieldType.INTEGER)


def test_free_answers_stay_text() -> None:
    found = columns("q,answer\n" + "".join(f"q{n},a{n}\n" for n in range(20)))
    assert found["answer"].type is FieldType.TEXT


def test_a_column_may_name_the_split() -> None:
    found = columns(
        "q,a,split\n" + "".join(f"q{n},a{n},{'train' if n else 'dev'}\n" for n in range(9))
    )
    assert found["split"].names_split
    assert found["split"].role is Role.IGNORED


def test_missing_values_are_counted() -> None:
    assert columns("text,label\na,x\nb,\nc, \n")["label"].missing == 2


def test_field_names_are_names_a_program_can_use() -> None:
    names = ["Customer message", "2nd opinion", "本文", "reasoning", "a-b", "a b"]
    found = field_names(names)
    assert found == [
        "customer_message", "field_2nd_opinion", "field_3", "reasoning_text", "a_b", "a_b_2",
    ]  # fmt: skip
    assert all(not Field(name).problems() for name in found)


def roles(header: str, rows: list[str], name: str = "x.csv") -> dict[str, str]:
    text = header + "\n" + "".join(f"{row}\n" for row in rows)
    return {c.name: c.role.value for c in columns(text, name).values()}


def test_labels_behind_the_text_are_answers_though_another_column_is_called_so() -> None:
    found = roles(
        "domain,message,urgency,sentiment,topic",
        [f"{'ab'[n % 2]},this is text {n},{n % 3},{'xy'[n % 2]},t{n % 4}" for n in range(12)],
    )
    assert found == {
        "domain": "input", "message": "input", "urgency": "expected", "sentiment": "expected",
        "topic": "expected",
    }  # fmt: skip


def test_lists_of_labels_behind_the_text_are_answers() -> None:
    rows = [
        json.dumps({"message": f"this is text {n}", "tags": [f"t{n % 3}"], "passages": [f"p {n}"]})
        for n in range(12)
    ]
    found = {c.name: c.role.value for c in columns("\n".join(rows), "x.jsonl").values()}
    assert found == {"message": "input", "tags": "expected", "passages": "input"}


def test_what_stands_behind_an_answer_is_no_input_unless_it_is_called_one() -> None:
    rows = [f"what is {n} + {n}?,{2 * n},we add {n} and {n},about sum {n}" for n in range(12)]
    assert roles("question,answer,working,context", rows) == {
        "question": "input", "answer": "expected", "working": "expected", "context": "input",
    }  # fmt: skip


def test_what_is_taken_from_the_text_is_an_answer() -> None:
    rows = [f"we are {n} people on day {n + 20},{n},day {n + 20}" for n in range(12)]
    assert roles("message,people,day", rows) == {
        "message": "input", "people": "expected", "day": "expected",
    }  # fmt: skip


def test_columns_that_are_hardly_filled_behind_the_text_lose_no_rows() -> None:
    rows = [f"this is text {n},{'ab'[n % 2]},{n if n < 2 else ''}" for n in range(12)]
    found = roles("text,label,category", rows)
    assert found == {"text": "input", "label": "expected", "category": "ignored"}


def test_a_table_of_numbers_keeps_its_inputs() -> None:
    rows = [f"{n},{'mf'[n % 2]},{n % 4},{'yn'[n % 2]}" for n in range(12)]
    assert roles("age,sex,pain,answer", rows) == {
        "age": "input", "sex": "input", "pain": "input", "answer": "expected",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["response", "reference"])
def test_a_first_text_that_others_are_about_is_the_input(name: str) -> None:
    rows = [f"this is text {n},{'ab'[n % 2]}" for n in range(12)]
    assert roles(f"{name},verdict", rows) == {name: "input", "verdict": "expected"}


@pytest.mark.parametrize("name", ["réponse", "Antwort", "ответ", "答え"])
def test_answers_are_called_so_in_other_languages_too(name: str) -> None:
    rows = [f"a{n},this is text {n}" for n in range(12)]
    assert roles(f"{name},frage", rows) == {name: "expected", "frage": "input"}


def test_numbers_of_folds_are_ignored() -> None:
    rows = [f"this is text {n},{n % 3},l{n % 2}" for n in range(12)]
    assert roles("text,fold,label", rows)["fold"] == "ignored"

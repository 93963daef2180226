"""What the columns of a file seem to hold."""

from __future__ import annotations

import io

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
def test_row_numbers_are_ignored(name: str) -> None:
    found = columns(f"{name},text,label\n" + "".join(f"{n},t{n},v{n % 2}\n" for n in range(6)))
    assert found[name].role is Role.IGNORED


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

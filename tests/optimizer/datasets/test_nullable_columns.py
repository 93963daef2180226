"""Empty cells: no row is lost for one where empty is what is expected."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from optimizer.core.programs.example import Example
from optimizer.datasets.columns import Column, Role
from optimizer.datasets.guessing import describe
from optimizer.datasets.mapping import RowReader, guessed
from optimizer.datasets.reading import read_table
from optimizer.datasets.surveying import survey
from optimizer.datasets.table import Table

NAMES = ("Ada", "Bo", "Cyd", "Dee", "Eli", "Fay")


def bookings() -> list[dict[str, Any]]:
    """Slots that stand in the text, most of them in few rows only."""
    rows = []
    for n in range(24):
        told = f"table {n}"
        name = NAMES[n % 6] if n % 5 == 0 else None
        people = f"{n + 2} people" if n % 4 == 0 else None
        told += f" for {name}" if name else ""
        told += f", we are {people}" if people else ""
        rows.append({"text": told, "people": people, "name": name, "kind": ("a", "b")[n % 2]})
    return rows


def table(rows: list[dict[str, Any]]) -> Table:
    return read_table(io.BytesIO("\n".join(map(json.dumps, rows)).encode()), "x.jsonl")


def as_csv(rows: list[dict[str, Any]]) -> Table:
    lines = [",".join(rows[0])]
    lines += [",".join(f'"{cell or ""}"' for cell in row.values()) for row in rows]
    return read_table(io.BytesIO("\n".join(lines).encode()), "x.csv")


def column(found: tuple[Column, ...], name: str) -> Column:
    return next(c for c in found if c.name == name)


@pytest.mark.parametrize("read", [table, as_csv])
def test_what_is_taken_from_a_text_may_be_missing_and_is_expected_all_the_same(read: Any) -> None:
    found = describe(read(bookings()))

    for name in ("people", "name"):
        assert (column(found, name).role, column(found, name).nullable) == (Role.EXPECTED, True)
    assert not column(found, "kind").nullable


@pytest.mark.parametrize("read", [table, as_csv])
def test_every_row_is_an_example_with_null_where_the_cell_is_empty(read: Any) -> None:
    rows = read(bookings())
    mapping = guessed(describe(rows))
    outlook = survey(lambda: rows.rows, rows.columns, mapping)
    examples = list(RowReader(rows.columns, mapping).usable(rows.rows))

    assert (len(outlook.splits), outlook.problems) == (24, ())
    assert [e.expected["name"] for e in examples] == [row["name"] for row in bookings()]


def test_a_row_without_a_label_is_no_example() -> None:
    rows = table([{"message": f"text {n}", "label": ("a", "b", None)[n % 3]} for n in range(30)])
    outlook = survey(lambda: rows.rows, rows.columns, guessed(describe(rows)))

    assert len(outlook.splits) == 20
    assert {p.code for p in outlook.problems} == {"row.no_expected"}


def test_an_input_without_a_value_is_null_too() -> None:
    rows = table(
        [
            {"question": f"why {n}?", "age": None if n % 3 == 0 else n, "answer": f"so {n}"}
            for n in range(9)
        ]
    )
    mapping = guessed(describe(rows, inputs=("age",)))
    first, second = list(RowReader(rows.columns, mapping).usable(rows.rows))[:2]

    assert (first.inputs["age"], second.inputs["age"]) == (None, 1)
    assert isinstance(first, Example)

"""Columns of objects, of lists, of dates: what their cells have in common."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.programs.signature import Field, FieldType
from optimizer.datasets.columns import Column, Role, use_of
from optimizer.datasets.guessing import describe
from optimizer.datasets.mapping import RowReader, guessed
from optimizer.datasets.reading import read_table
from optimizer.datasets.shapes import shape_in
from optimizer.datasets.table import Table

ORDERS: list[dict[str, Any]] = [
    {"name": f"pen {n}", "price": n + 0.5, "paid": n % 2 == 0, "on": f"2024-05-{n + 1:02}"}
    | ({"tags": ["a", "b"]} if n else {})
    for n in range(12)
]
SHAPE = (
    Field("name"), Field("price", FieldType.NUMBER), Field("paid", FieldType.BOOLEAN),
    Field("on", FieldType.DATE), Field("tags", FieldType.LIST, nullable=True),
)  # fmt: skip


def table(ending: str) -> Table:
    rows = [
        {"text": f"Order {n} came", "order": order, "items": [order, order], "counts": [n, 2]}
        for n, order in enumerate(ORDERS)
    ]
    lines = "\n".join(map(json.dumps, rows))
    if ending == "csv":
        cells = [[v if isinstance(v, str) else json.dumps(v) for v in r.values()] for r in rows]
        quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
        lines = "\n".join(["text,order,items,counts", *quoted])
    return read_table(io.BytesIO(lines.encode()), f"x.{ending}")


def column(found: tuple[Column, ...], name: str) -> Column:
    return next(c for c in found if c.name == name)


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_column_of_objects_is_read_as_such_when_that_is_chosen(ending: str) -> None:
    rows = table(ending)
    found = describe(rows)
    chosen = (("order", FieldType.OBJECT), ("items", FieldType.LIST), ("counts", FieldType.LIST))
    uses = [use_of(column(found, "text"), Role.INPUT, "text", FieldType.TEXT, False)]
    uses += [use_of(column(found, n), Role.EXPECTED, n, kind, False) for n, kind in chosen]
    mapping = replace(guessed(found), uses=tuple(uses))
    examples = list(RowReader(rows.columns, mapping).usable(rows.rows))

    assert column(found, "order").fields == SHAPE
    assert uses[2].as_field() == Field(
        "items", FieldType.LIST, items=FieldType.OBJECT, fields=SHAPE
    )
    assert len(examples) == 12
    first = {**ORDERS[0], "tags": None}
    assert examples[0].expected == {"order": first, "items": [first, first], "counts": [0, 2]}


def test_what_is_nested_is_text_unless_it_is_chosen() -> None:
    assert {column(describe(table("jsonl")), n).type for n in ("order", "items", "counts")} == {
        FieldType.TEXT
    }


def test_days_are_dates() -> None:
    rows = "\n".join(json.dumps({"q": f"when {n}?", "day": f"2024-0{n + 1}-11"}) for n in range(9))
    found = describe(read_table(io.BytesIO(rows.encode()), "x.jsonl"))
    assert column(found, "day").type is FieldType.DATE


@pytest.mark.parametrize(
    "cells", [["{}"], ['{"a": 1}', "text"], ["[1]", "{}"], ['["a"]'], ["[[1]]"], ["{"], [], [5]]
)
def test_cells_that_are_not_all_objects_have_no_shape(cells: list[Any]) -> None:
    assert shape_in(cells) is None

"""Columns of any name: what they are called stays with their fields."""

from __future__ import annotations

import io

from optimizer.core.programs.signature import Field
from optimizer.datasets.columns import Role, use_of
from optimizer.datasets.guessing import describe
from optimizer.datasets.mapping import guessed
from optimizer.datasets.reading import read_table

CSV = "質問,Customer message,Größe,plain,答え\n" + "".join(
    f"なぜ {n}?,I wrote {n} things,g{n},p{n},{n} です\n" for n in range(12)
)


def fields_of() -> dict[str, Field]:
    uses = guessed(describe(read_table(io.BytesIO(CSV.encode()), "x.csv"))).uses
    return {use.column: use.as_field() for use in uses}


def test_a_field_is_labelled_as_its_column_is_called() -> None:
    found = fields_of()

    assert [(f.name, f.label) for f in found.values()] == [
        ("field_1", "質問"), ("customer_message", "Customer message"), ("grosse", "Größe"),
        ("plain", ""), ("field_5", "答え"),
    ]  # fmt: skip
    assert all(not field.problems() for field in found.values())


def test_who_names_a_field_otherwise_means_it() -> None:
    column = describe(read_table(io.BytesIO(CSV.encode()), "x.csv"))[0]

    assert use_of(column, Role.INPUT, "question", column.type, False).label == ""

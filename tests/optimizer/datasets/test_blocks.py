"""Many rows at once are read and surveyed as they are one by one."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.core.problems import Problem, Refused
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import FieldType
from optimizer.datasets import blocks, json_rows, parquet, records
from optimizer.datasets.blocks import StoredRows, block_of, write_blocks
from optimizer.datasets.columns import Role, Use
from optimizer.datasets.guessing import describe
from optimizer.datasets.json_texts import filled_texts, object_text, object_texts
from optimizer.datasets.mapping import Mapping, RowFilter, RowReader
from optimizer.datasets.reading import read_table
from optimizer.datasets.splitting import SplitPlan
from optimizer.datasets.table import Options, Row, Table

CELLS = st.sampled_from(
    ["a", "b c", "", " ", "7", "1.5", 'say "hi"', '"quoted"', '"a, b"', '""', '"two\nlines"',
     '"open', "日本", "ß\u2028", "\x00", "a\tb", "\\", '\\"x\\"', "true", "2024-02-30",
     "x" * 50, "\ufeff"]
)  # fmt: skip
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=14)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**20), st.sampled_from(["a", "", "日", "\x00"]),
    st.sampled_from([0.5, 1e308, ["a", "b"], ["a", 1], {"b": 1}, [], float("nan"), float("inf")]),
)  # fmt: skip
OBJECTS = st.lists(
    st.one_of(
        st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3).map(json.dumps),
        st.fixed_dictionaries({"a": VALUES, "b": st.just("x")}).map(json.dumps),
        st.sampled_from(
            ["", "{}", "[1]", '{"a": 1', '{"a": 1}]', '{"a": 1}, {"a": 2}', '{"a": "\\ud800"}',
             '{"messages": [{"role": "user", "content": "x"}]}', '{"a": 1e999}', '{"a":1,"a":2}']
        ),
    ),
    max_size=14,
)  # fmt: skip


@contextmanager
def in_small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (blocks, records, json_rows):
            patch.setattr(module, "BLOCK", 3)
        yield


@contextmanager
def one_by_one() -> Iterator[None]:
    """As a reader does that is sure of nothing."""

    def unsure(*args: Any) -> bool:
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records.Records, "_even_columns", lambda *args: None)
        patch.setattr(json_rows._Objects, "take_even", unsure)
        patch.setattr(parquet, "is_sound", unsure)
        yield


def read(text: str, name: str, options: Options) -> object:
    """All that a file gives, or all that is said of it."""
    try:
        table = read_table(io.BytesIO(text.encode("utf-8", "surrogatepass")), name, options)
    except Refused as refusal:
        return refusal.problems
    return told(table)


def told(table: Table) -> object:
    rows = [(row.place, list(map(repr, row.cells))) for row in table.rows]
    found = (table.columns, rows, table.problems, table.notes, table.delimiter, table.encoding)
    return (*found, describe(table))


def assert_read_alike(text: str, name: str, options: Options | None = None) -> None:
    with in_small_blocks():
        many = read(text, name, options or Options())
    with one_by_one():
        assert read(text, name, options or Options()) == many


@settings(max_examples=250, deadline=None)
@given(LINES, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_delimited_texts_of_any_kind(
    lines: list[list[str]], delimiter: str, end: str, quoting: bool
) -> None:
    head = delimiter.join(("one", "two", "three"))
    # Titles and names are looked for in what is read one by one anyway.
    even = [delimiter.join(("a", "b", "c"))] * 62
    text = end.join((head, *even, *map(delimiter.join, lines)))
    assert_read_alike(text, "rows.csv", Options(quoting=quoting))


@settings(max_examples=250, deadline=None)
@given(OBJECTS)
def test_lines_of_objects_of_any_kind(lines: list[str]) -> None:
    assert_read_alike("\n".join(['{"a": "x", "b": 1}', '{"a": "y", "b": 2}', *lines]), "r.jsonl")


@settings(max_examples=80, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3), max_size=9))
def test_lists_of_objects_of_any_kind(items: list[dict[str, Any]]) -> None:
    assert_read_alike(json.dumps([{"a": "x", "b": 1}, *items]), "r.json")


def test_parquet_with_what_cannot_be_stored() -> None:
    import pyarrow
    from pyarrow.parquet import write_table

    columns = {
        "text": ["a", "b\x00", None, "日本"] * 90,
        "number": [1.5, float("nan"), float("inf"), 2.0] * 90,
        "list": [["a"], [], None, ["b\x00"]] * 90,
    }
    file = io.BytesIO()
    write_table(pyarrow.table(columns), file)
    many = told(read_table(file))
    with one_by_one():
        assert told(read_table(file)) == many


USES = (
    Use("a", Role.INPUT, "a"),
    Use("b", Role.INPUT, "b", FieldType.INTEGER, nullable=True),
    Use("c", Role.EXPECTED, "c", FieldType.CHOICE, ("x", "y")),
    Use("d", Role.EXPECTED, "d", FieldType.LIST),
    Use("e", Role.METADATA, "e"),
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["text", "", " ", None, "%s", "é\\"]),
        st.sampled_from(["1", "", "no", "1.0", None, 7, True]),
        st.sampled_from(["x", "y", "X", "z", "", None]),
        st.sampled_from(["a; b", "", '["a"]', ["a"], None, 3]),
        st.sampled_from(["m", "", None, 5, ["q"]]),
        st.sampled_from(["train", "dev", "", "other"]),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=250, deadline=None)
@given(ROWS, st.booleans(), st.booleans())
def test_rows_become_the_same_examples(
    cells: list[tuple[Any, ...]], by_column: bool, filtered: bool
) -> None:
    plan = SplitPlan(column="f" if by_column else "", group="e")
    mapping = Mapping(USES, plan, RowFilter("e", "m") if filtered else None)
    reader = RowReader("abcdef", mapping)
    rows = [Row(n, row) for n, row in enumerate(cells, start=2)]
    taken = [row for row in rows if reader.takes(row)]
    each = [(row, reader.read(row)) for row in taken]
    good = [(row, one) for row, one in each if isinstance(one, Example)]
    usable = reader.read_block(block_of(rows))
    assert [str(place) for place in usable.rows.places] == [one.id for _row, one in good]
    assert list(usable.problems) == [one for _row, one in each if isinstance(one, Problem)]
    assert usable.passed == len(rows) - len(taken)
    inputs, metadata = [one.inputs for _row, one in good], [reader.metadata_of(r) for r, _ in good]
    assert object_texts(usable.inputs, len(usable)) == list(map(object_text, inputs))
    assert object_texts(usable.expected, len(usable)) == [object_text(x.expected) for _, x in good]
    assert filled_texts(usable.metadata, len(usable)) == list(map(object_text, metadata))
    assert reader.splits_of(usable.rows) == [reader.split_of(row) for row, _one in good]


def test_a_name_with_a_sign_of_a_form_is_a_name_like_others() -> None:
    columns = {'50% "off" %s': ["a", "%s"], "b": [1, None]}
    assert object_texts(columns, 2) == [
        '{"50% \\"off\\" %s": "a", "b": 1}', '{"50% \\"off\\" %s": "%s", "b": null}',
    ]  # fmt: skip


def test_rows_are_left_on_disk_in_parts_that_are_never_much(tmp_path: Any) -> None:
    rows = [Row(n, ("x" * 900_000, [str(n)])) for n in range(12)]
    with (tmp_path / "rows").open("w") as out:
        write_blocks(rows, out)
    lines = (tmp_path / "rows").read_text().splitlines()
    assert max(map(len, lines)) <= blocks.MOST_WRITTEN
    assert list(StoredRows(tmp_path / "rows")) == rows

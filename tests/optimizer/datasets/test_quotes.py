"""A quotation mark opens a text, or is a part of it: nothing is merged in silence. No database."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from optimizer.datasets.reading import read_table
from optimizer.datasets.table import Table
from tests.fakes.telling import all_told, places, refused

FOLDER = Path(__file__).parents[2] / "data" / "field_cases"


def read(name: str) -> Table:
    with (FOLDER / name).open("rb") as file:
        return read_table(file, name)


def read_text(text: str, name: str = "x.csv") -> Table:
    return read_table(io.BytesIO(text.encode()), name)


def cells(table: Table) -> list[tuple[object, ...]]:
    return [row.cells for row in table.rows]


@pytest.mark.parametrize(
    ("name", "rows"), [("messages.tsv", 12), ("messages_one.tsv", 11), ("messages.csv", 12)]
)
def test_a_cell_may_begin_with_a_quotation_mark_that_is_no_quoting(name: str, rows: int) -> None:
    table = read(f"tsv_quotes/{name}")
    assert len(table.rows) == rows
    assert ('"Free" entry to win', "spam") in cells(table)
    assert ('"Twas a good night', "ham") in cells(table)
    assert 'He said "fine"' in {row.cells[0] for row in table.rows}
    told = all_told(table.notes)[0]
    assert re.fullmatch(r"Quotation marks are read as a part of . texts: lines 3, 4.*", told)


@pytest.mark.parametrize(
    "name", ["backslash", "backslash_two", "quoted", "quoted_space", "unquoted"]
)
def test_json_in_a_cell_stays_whole(name: str) -> None:
    table = read(f"json_cells/{name}.csv")
    assert len(table.rows) == 6
    assert not table.problems
    assert all(str(row.cells[2]).startswith('{"answer":') for row in table.rows)
    assert all(str(row.cells[2]).endswith("}") for row in table.rows)


def test_json_that_the_delimiter_cuts_is_refused_with_its_line() -> None:
    with refused("Line 2 has 5 cells instead of 4"):
        read("json_cells/unquoted_two_keys.csv")


def test_a_quoted_text_may_have_lines_delimiters_and_doubled_quotes() -> None:
    table = read_text('a,b\n"one, ""two""\nthree, four, five",x\nsix,y\n')
    assert cells(table) == [('one, "two"\nthree, four, five', "x"), ("six", "y")]
    assert not table.notes


def test_lines_that_could_be_rows_and_are_one_quoted_text_are_told() -> None:
    table = read_text('message,label\n"Hello,ham\nand, well\nBye",ham\nsix,spam\n')
    assert cells(table) == [("Hello,ham\nand, well\nBye", "ham"), ("six", "spam")]
    assert all_told(table.notes) == ["Quotation marks join lines to one text: line 2."]


def test_between_tabs_a_mark_that_opens_and_closes_rows_apart_is_a_part_of_the_texts() -> None:
    table = read_text('message\tlabel\n"Hello\tham\nmore\tspam\nBye"\tham\nsix\tspam\n', "x.tsv")
    assert cells(table) == [('"Hello', "ham"), ("more", "spam"), ('Bye"', "ham"), ("six", "spam")]


@pytest.mark.parametrize("cell", ["one\n\ntwo", 'say ""hi""', "one\ttwo"])
def test_between_tabs_a_text_that_needs_quotes_has_them(cell: str) -> None:
    table = read_text(f'message\tlabel\n"{cell}"\tham\nsix\tspam\n', "x.tsv")
    assert cells(table) == [(cell.replace('""', '"'), "ham"), ("six", "spam")]


def test_where_texts_are_quoted_a_mark_that_is_never_closed_is_told_by_its_line() -> None:
    table = read_text('a,b\n"1, 2",x\n3,"4\n5,6\n')
    assert cells(table) == [("1, 2", "x"), ("5", "6")]
    assert places(table.problems) == [("rows[3]", "has a quotation mark that is never closed")]


def test_where_no_text_is_quoted_a_mark_that_is_never_closed_is_a_part_of_the_text() -> None:
    table = read_text('a,b\n1,2\n3,"4\n5,6\n')
    assert cells(table) == [("1", "2"), ("3", '"4'), ("5", "6")]
    assert all_told(table.notes) == ["A quotation mark is read as a part of its text: line 3."]


def test_among_stray_marks_lines_that_could_be_one_text_or_rows_are_told() -> None:
    table = read_text('a,b\n"Free" entry,x\n"Hello,y\nBye",z\nlast,w\n')
    assert [problem.place for problem in table.problems] == ["rows[3]"]
    assert ("last", "w") in cells(table)
    assert all("\n" not in str(cell) for row in table.rows for cell in row.cells)


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        (r"he said \"no\"", 'he said "no"'),
        (r"{\"a\":\"b\"}", '{"a":"b"}'),
        ("C:\\folder\\", "C:\\folder\\"),
        (r"\frac{1}{2}", r"\frac{1}{2}"),
    ],
)
def test_a_backslash_escapes_a_quotation_mark_where_that_alone_makes_sense(
    cell: str, meant: str
) -> None:
    assert cells(read_text(f'q,a\n"{cell}",x\nb,y\n'))[0] == (meant, "x")

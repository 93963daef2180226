"""The names of columns are found below titles, and no row is taken for them. No database."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from optimizer.datasets.columns import field_names
from optimizer.datasets.reading import read_table
from optimizer.datasets.table import Table
from tests.fakes.telling import all_told

DATA = Path(__file__).parents[2] / "data"


def read_text(text: str) -> Table:
    return read_table(io.BytesIO(text.encode()), "x.csv")


@pytest.mark.parametrize("name", ["odd", "spaces"])
def test_any_name_is_accepted_and_makes_a_field_of_its_own(name: str) -> None:
    with (DATA / "field_cases" / "header_names" / f"{name}.csv").open("rb") as file:
        table = read_table(file, f"{name}.csv")
    assert len(table.rows) == 8
    fields = field_names(table.columns)
    assert len(set(fields)) == len(table.columns)
    assert all(field.isascii() and field.isidentifier() for field in fields)


def test_titles_above_names_of_which_some_are_missing_take_no_row() -> None:
    with (DATA / "import_cases" / "qsv__iwfg09_Phos_river_200911.csv").open("rb") as file:
        table = read_table(file, "x.csv")
    assert table.columns[:2] == ("Location", "1995")
    assert [row.cells[0] for row in table.rows][:2] == ["Thames", "South West"]
    assert "Left out title lines: the column names are in line 16." in all_told(table.notes)


@pytest.mark.parametrize(
    "titles",
    [
        "Report of tickets\n",
        "Report of tickets\n\nMonday\n",
        "Report: tickets\nGenerated: 2026-11-30\n",
        "Report, tickets\nGenerated, 2026\n",
        "Report of tickets,\n,\n",
        "Source,EA\nDate,2026-01-01\n,\n",
        "Source,EA\nUnit,days\n\n",
        "# made by a tool, on Monday\n",
        "".join(f"Title {n}\n" for n in range(12)),
    ],
)
def test_titles_are_left_out_and_every_row_is_kept(titles: str) -> None:
    table = read_text(f"{titles}message,label\nhello,ham\nbye,spam\n")
    assert table.columns == ("message", "label")
    assert [row.cells for row in table.rows] == [("hello", "ham"), ("bye", "spam")]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (",label\n0,ham\n1,spam\n", 2),  # an index without a name
        (
            "message,label,,,\nhello,ham,,,\nbye,spam,note,more,\n",
            2,
        ),  # hardly used columns
        ("id,text,,,,\n1,hello,3,4,5,6\n2,bye,3,4,5,6\n", 2),  # names that are missing
        ("word,synonym\nquestion,query\nanswer,response\n", 2),  # texts, not names
        ("one,two\n1,2\n", 1),
        ("name\nAda\nEve\n", 2),
        ("message,label\nhello,ham\n", 1),
    ],
)
def test_no_row_is_taken_for_the_names(text: str, rows: int) -> None:
    table = read_text(text)
    assert len(table.rows) == rows
    assert not any("title" in note for note in all_told(table.notes))

"""CSV and its relatives: any delimiter, quotes, ragged rows told with their line numbers."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice
from typing import TextIO

from optimizer.datasets.dialects import SAMPLE_CHARACTERS, find_dialect
from optimizer.datasets.header import find_header
from optimizer.datasets.records import Records
from optimizer.datasets.table import (
    Options,
    Problem,
    Row,
    Table,
    Unreadable,
    check_room,
    check_width,
    trouble_in,
    unique_names,
)

HEAD_RECORDS = 60
SHOWN_LINES = 5


def read_delimited(text: TextIO, encoding: str, options: Options, extension: str = "") -> Table:
    """Read a text that was opened with newline="".

    Raises:
        Unreadable: no table can be made of it.
    """
    sample = text.read(SAMPLE_CHARACTERS)
    text.seek(0)
    dialect = find_dialect(sample, whole=len(sample) < SAMPLE_CHARACTERS, extension=extension)
    records = Records(text, dialect)
    body = iter(records)
    head = list(islice(body, HEAD_RECORDS))
    names, notes, below = _names(head, dialect.width, options)
    rows, problems, told = _rows(chain(head[below:], body), records, len(names))
    return Table(
        names, tuple(rows), encoding, "csv", dialect.delimiter, tuple(problems), (*notes, *told)
    )


def _names(head: list[Row], width: int, options: Options) -> tuple[tuple[str, ...], list[str], int]:
    """The names of the columns, notes about them, and how many records stand above the rows."""
    if not options.has_header:
        check_width(width)
        return tuple(f"column {n}" for n in range(1, width + 1)), [], 0
    at = find_header(head, width)
    if at is None:
        raise Unreadable("The file is empty. Choose one with column names and rows.")
    names, notes = unique_names([str(cell) for cell in head[at].cells])
    if at:
        notes.insert(0, f"Left out title lines: the column names are in line {head[at].place}.")
    return names, notes, at + 1


def _rows(
    given: Iterable[Row], records: Records, width: int
) -> tuple[list[Row], list[Problem], list[str]]:
    """Good rows as wide as the names, rows left out with the reason, and notes."""
    rows: list[Row] = []
    problems: list[Problem] = []
    short: list[int] = []
    empty = 0
    for row in given:
        if not any(cell.strip() for cell in row.cells if isinstance(cell, str)):
            empty += 1
            continue
        if len(row.cells) == width - 1 > 1:
            short.append(row.place)
            row = Row(row.place, (*row.cells, ""))
        message = records.unsure.get(row.place) or _trouble(row, width)
        if message:
            problems.append(Problem(row.place, message))
        else:
            rows.append(Row(row.place, row.cells[:width]))
        check_room(len(rows) + len(problems), width)
    notes = [f"Left out empty rows: {empty}."] if empty else []
    notes += _told("The last cell is missing and read as empty", short)
    notes += _told("Quotation marks are read as a part of the text", records.literal)
    notes += _told("Quotation marks join several lines to one text", records.joined)
    return rows, problems, notes


def _told(what: str, places: list[int]) -> list[str]:
    shown = ", ".join(map(str, places[:SHOWN_LINES]))
    more = f" and {len(places) - SHOWN_LINES} more" if len(places) > SHOWN_LINES else ""
    noun = "line" if len(places) == 1 else "lines"
    return [f"{what}: {noun} {shown}{more}."] if places else []


def _trouble(row: Row, width: int) -> str:
    if len(row.cells) < width:
        return f"has {_cells(row)} instead of {width}"
    if any(str(cell).strip() for cell in row.cells[width:]):
        return f"has {_cells(row)} instead of {width}; a text with a comma needs quotes"
    return next((told for cell in row.cells if (told := trouble_in(cell))), "")


def _cells(row: Row) -> str:
    return "one cell" if len(row.cells) == 1 else f"{len(row.cells)} cells"

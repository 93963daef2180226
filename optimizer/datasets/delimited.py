"""CSV and its relatives: any delimiter, quotes, ragged rows told with their line numbers."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice
from typing import TextIO

from optimizer.core.problems import Problem, Refused, problem, warning
from optimizer.datasets.dialects import SAMPLE_CHARACTERS, find_dialect
from optimizer.datasets.header import find_header, reads_like_data
from optimizer.datasets.records import Records
from optimizer.datasets.table import (
    FILE,
    Options,
    Row,
    Table,
    check_room,
    check_width,
    of_row,
    trouble_in_row,
    unique_names,
)

HEAD_RECORDS = 60
SHOWN_LINES = 5


def read_delimited(text: TextIO, encoding: str, options: Options, extension: str = "") -> Table:
    """Read a text that was opened with newline="".

    Raises:
        Refused: no table can be made of it.
    """
    sample = text.read(SAMPLE_CHARACTERS)
    text.seek(0)
    dialect = find_dialect(
        sample, options, whole=len(sample) < SAMPLE_CHARACTERS, extension=extension
    )
    records = Records(text, dialect)
    body = iter(records)
    head = list(islice(body, HEAD_RECORDS))
    names, notes, below = _names(head, dialect.width, options)
    rows, problems, told = _rows(chain(head[below:], body), records, len(names))
    return Table(
        names, tuple(rows), encoding, "csv", dialect.delimiter, tuple(problems), (*notes, *told)
    )


def _names(
    head: list[Row], width: int, options: Options
) -> tuple[tuple[str, ...], list[Problem], int]:
    """The names of the columns, notes about them, and how many records stand above the rows."""
    if not options.has_header:
        check_width(width)
        return tuple(f"column {n}" for n in range(1, width + 1)), [], 0
    at = find_header(head, width)
    if at is None:
        raise Refused.because("table.empty", FILE)
    names, notes = unique_names([str(cell) for cell in head[at].cells])
    if reads_like_data(head[at]):
        notes.insert(0, warning("note.no_names", FILE, line=head[at].place))
    if at:
        notes.insert(0, warning("note.titles", FILE, line=head[at].place))
    return names, notes, at + 1


def _rows(
    given: Iterable[Row], records: Records, width: int
) -> tuple[list[Row], list[Problem], list[Problem]]:
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
        trouble = records.unsure.get(row.place) or _trouble(row, width)
        if trouble:
            problems.append(trouble.at(of_row(row.place)))
        else:
            rows.append(Row(row.place, row.cells[:width]))
        check_room(len(rows) + len(problems), width)
    notes = [
        warning("note.empty_rows", FILE, n=empty),
        warning("note.short", FILE, n=len(short), lines=_shown(short)),
        warning("note.literal", FILE, n=len(records.literal), lines=_shown(records.literal)),
        warning("note.joined", FILE, n=len(records.joined), lines=_shown(records.joined)),
    ]
    return rows, problems, [note for note in notes if note.values["n"]]


def _shown(places: list[int]) -> tuple[str, ...]:
    more = ("…",) if len(places) > SHOWN_LINES else ()
    return (*map(str, places[:SHOWN_LINES]), *more)


def _trouble(row: Row, width: int) -> Problem | None:
    if len(row.cells) < width:
        return problem("row.few_cells", n=len(row.cells), width=width)
    if any(str(cell).strip() for cell in row.cells[width:]):
        return problem("row.many_cells", n=len(row.cells), width=width)
    return trouble_in_row(row.cells)

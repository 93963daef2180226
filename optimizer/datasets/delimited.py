"""CSV and its relatives: any delimiter, quotes, ragged rows told with their line numbers."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TextIO

from optimizer.core.problems import Problem, Refused, problem, warning
from optimizer.datasets.blocks import Gathered
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
    head = list(islice(records, HEAD_RECORDS))
    names, notes, below = _names(head, dialect.width, options)
    body = _Body(records, len(names))
    body.take_all(head[below:])
    return Table(
        names, body.rows.block(), encoding, "csv", dialect.delimiter, tuple(body.problems),
        (*notes, *body.notes()),
    )  # fmt: skip


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


class _Body:
    """Good rows as wide as the names, and those left out with the reason."""

    def __init__(self, records: Records, width: int) -> None:
        self.rows = Gathered(width)
        self.problems: list[Problem] = []
        self._records, self._width = records, width
        self._short: list[int] = []
        self._empty = 0

    def take_all(self, head: Iterable[Row]) -> None:
        """Raises Refused when there are more than are taken."""
        self._take_each(head)
        while (block := self._records.even_block(self._width)) or self._records.holds:
            if block is None:
                self._take_each(self._records.waiting())
            else:
                self.rows.extend(block.places, block.columns)
                self._check()

    def _take_each(self, given: Iterable[Row]) -> None:
        for row in given:
            self._take(row)
            self._check()

    def _take(self, row: Row) -> None:
        if not any(cell.strip() for cell in row.cells if isinstance(cell, str)):
            self._empty += 1
            return
        if len(row.cells) == self._width - 1 > 1:
            self._short.append(row.place)
            row = Row(row.place, (*row.cells, ""))
        trouble = self._records.unsure.get(row.place) or _trouble(row, self._width)
        if trouble:
            self.problems.append(trouble.at(of_row(row.place)))
        else:
            self.rows.take(row.place, row.cells[: self._width])

    def _check(self) -> None:
        check_room(len(self.rows) + len(self.problems), self._width)

    def notes(self) -> list[Problem]:
        literal, joined = self._records.literal, self._records.joined
        notes = [
            warning("note.empty_rows", FILE, n=self._empty),
            warning("note.short", FILE, n=len(self._short), lines=_shown(self._short)),
            warning("note.literal", FILE, n=len(literal), lines=_shown(literal)),
            warning("note.joined", FILE, n=len(joined), lines=_shown(joined)),
        ]
        return [note for note in notes if note.values["n"]]


def _shown(places: list[int]) -> tuple[str, ...]:
    more = ("…",) if len(places) > SHOWN_LINES else ()
    return (*map(str, places[:SHOWN_LINES]), *more)


def _trouble(row: Row, width: int) -> Problem | None:
    if len(row.cells) < width:
        return problem("row.few_cells", n=len(row.cells), width=width)
    if any(str(cell).strip() for cell in row.cells[width:]):
        return problem("row.many_cells", n=len(row.cells), width=width)
    return trouble_in_row(row.cells)

"""CSV and its relatives: any delimiter, quotes, ragged rows told with their line numbers."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TextIO

from optimizer.datasets.table import (
    MAX_CELL,
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

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_CHARACTERS = 1 << 16
SAMPLE_RECORDS = 100
HEAD_RECORDS = 30

_SEPARATOR_HINT = re.compile(r'"?sep=([,;|\t])"?\r?\n', re.IGNORECASE)
# Possessive: a quoted cell is gone through once, not given back piece by piece.
_SPACE_BEFORE_QUOTE = re.compile(r'[,;|\t] +"(?:[^"\\]|""|\\.)*+"(?=[,;|\t\r\n]|$)')
_BACKSLASH_QUOTE = re.compile(r'\\"(?![",;|\t\r\n])')

csv.field_size_limit(2 * MAX_CELL)  # larger cells are refused by us, in words


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    hint_lines: int = 0
    skips_spaces: bool = False
    backslash_quotes: bool = False


@dataclass(frozen=True)
class _Record:
    line: int
    cells: list[str]
    unfinished: bool = False

    @property
    def filled(self) -> int:
        return sum(bool(cell.strip()) for cell in self.cells)


def read_delimited(text: TextIO, encoding: str, options: Options, extension: str = "") -> Table:
    """Read a text that was opened with newline="".

    Raises:
        Unreadable: no table can be made of it.
    """
    sample = text.read(SAMPLE_CHARACTERS)
    text.seek(0)
    dialect = find_dialect(sample, whole=len(sample) < SAMPLE_CHARACTERS, extension=extension)
    records = _records(text, dialect)
    head = list(islice(records, HEAD_RECORDS))
    skipped = _title_lines(head) if options.has_header else 0
    if not head[skipped:]:
        raise Unreadable("The file is empty. Choose one with column names and rows.")
    names, notes = _names(head[skipped:], options)
    if skipped:
        notes.insert(0, f"Left out title lines: the column names are in line {head[skipped].line}.")
    body = chain(head[skipped + options.has_header :], records)
    rows, problems, empty = _rows(body, len(names))
    if empty:
        notes.append(f"Left out empty rows: {empty}.")
    return Table(
        names, tuple(rows), encoding, "csv", dialect.delimiter, tuple(problems), tuple(notes)
    )


def find_dialect(sample: str, *, whole: bool, extension: str = "") -> Dialect:
    """Guess from the first characters; `whole` says that they are the whole file."""
    hint = _SEPARATOR_HINT.match(sample)
    if hint:
        delimiter = hint.group(1)
    elif extension in ("tsv", "tab") and "\t" in sample:
        delimiter = "\t"
    else:
        delimiter = max(DELIMITERS, key=lambda d: _evenness(sample, d, whole=whole))
    return Dialect(
        delimiter,
        hint_lines=1 if hint else 0,
        skips_spaces=bool(_SPACE_BEFORE_QUOTE.search(sample)),
        backslash_quotes=bool(_BACKSLASH_QUOTE.search(sample)) and '\\""' not in sample,
    )


def _evenness(sample: str, delimiter: str, *, whole: bool) -> tuple[float, int]:
    """How table-like the sample is: the share of rows as wide as most of them, and that width."""
    lines = list(io.StringIO(sample, newline=""))  # not splitlines: cells may hold \u2028
    reader = csv.reader(lines if whole else lines[:-1], delimiter=delimiter)
    try:
        widths = Counter(len(cells) for cells in islice(reader, SAMPLE_RECORDS) if cells)
    except csv.Error:
        return 0.0, 0
    width, count = max(widths.items(), key=lambda found: (found[0] > 1, found[1]), default=(0, 0))
    return (count / widths.total(), width) if width > 1 else (0.0, width)


class _Lines:
    """Lines of the text, counted; knows whether the reader asked for more than there are."""

    def __init__(self, text: TextIO, dialect: Dialect) -> None:
        self.text, self.dialect = iter(text), dialect
        self.count, self.exhausted = 0, False
        for _ in range(dialect.hint_lines):
            next(self)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = next(self.text)
        except StopIteration:
            self.exhausted = True
            raise
        self.count += 1
        return line.replace('\\"', '""') if self.dialect.backslash_quotes else line


def _records(text: TextIO, dialect: Dialect) -> Iterator[_Record]:
    lines = _Lines(text, dialect)
    reader = csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=dialect.skips_spaces)
    while True:
        first = lines.count + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(
                f"Line {first} cannot be read ({error}). A quote may be missing there."
            ) from error
        if cells:  # after a finished record, the reader has not yet asked for the next line
            yield _Record(first, cells, unfinished=lines.exhausted)


def _title_lines(head: list[_Record]) -> int:
    """How many records stand before the column names: titles fill few of the cells."""
    if not head:
        return 0
    width = Counter(len(record.cells) for record in head).most_common(1)[0][0]
    needed = 2 if width in (2, 3) else width / 2
    for number, record in enumerate(head):
        if record.filled >= needed:
            return number
    return 0


def _names(head: list[_Record], options: Options) -> tuple[tuple[str, ...], list[str]]:
    if options.has_header:
        names, notes = unique_names(head[0].cells)
    else:
        width = Counter(len(record.cells) for record in head).most_common(1)[0][0]
        check_width(width)
        names, notes = tuple(f"column {n}" for n in range(1, width + 1)), []
    return names, notes


def _rows(records: Iterable[_Record], width: int) -> tuple[list[Row], list[Problem], int]:
    """Good rows, rows left out with the reason, and how many rows were empty."""
    rows: list[Row] = []
    problems: list[Problem] = []
    empty = 0
    for record in records:
        if record.filled == 0:
            empty += 1
            continue
        message = _trouble(record, width)
        if message:
            problems.append(Problem(record.line, message))
        else:
            rows.append(Row(record.line, tuple(record.cells[:width])))
        check_room(len(rows) + len(problems), width)
    return rows, problems, empty


def _trouble(record: _Record, width: int) -> str:
    if record.unfinished:
        return (
            "a quote opens in this row and is never closed, so the rest of the file is lost in it"
        )
    if len(record.cells) < width:
        return f"has {_cells(record)} instead of {width}"
    if any(cell.strip() for cell in record.cells[width:]):
        return f"has {_cells(record)} instead of {width}; a text with a comma needs quotes"
    return next((told for cell in record.cells if (told := trouble_in(cell))), "")


def _cells(record: _Record) -> str:
    return "one cell" if len(record.cells) == 1 else f"{len(record.cells)} cells"

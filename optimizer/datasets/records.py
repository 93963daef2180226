"""Lines of a delimited text as records: what a quotation mark means is decided row by row."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from optimizer.core.problems import Problem, problem
from optimizer.datasets.blocks import BLOCK, Block, none_missing
from optimizer.datasets.table import MAX_CELL, Row, are_storable

QUOTE = '"'

csv.field_size_limit(2 * MAX_CELL)  # a quotation mark that closes later than that closes nothing


@dataclass(frozen=True)
class Dialect:
    """How records are written.

    `width`: cells of most records, 0 when that is not known; `quotes`: some texts need them;
    `stray_quotes`: some quotation marks are a part of the text; not `quoting`: all of them are.
    """

    delimiter: str
    skips_spaces: bool = False
    backslash_quotes: bool = False
    hint_lines: int = 0
    width: int = 0
    quotes: bool = False
    stray_quotes: bool = False
    quoting: bool = True


class Records:
    """The records of lines, as rows whose place is their first line; blank lines are none.

    A cell that begins with a quotation mark is quoted if the mark is closed as quotes are, right
    before a delimiter or the end of a line. If not, the mark is a part of the text, and the record
    ends with its line.
    """

    def __init__(self, lines: Iterable[str], dialect: Dialect) -> None:
        self.dialect = dialect
        self.unsure: dict[int, Problem] = {}
        """Places of records that cannot be told from others, and why."""
        self.literal: list[int] = []
        """Lines with cells that begin with a quotation mark which is a part of the text."""
        self.joined: list[int] = []
        """Lines where quotation marks join what would be several records without them."""
        self.needed = 0
        """How many records would be others without their quotes."""
        self._fresh = iter(lines)
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self._line = 0
        self._reader = self._reader_of_quotes()
        for _ in range(dialect.hint_lines):
            self._next_line()

    def __iter__(self) -> Iterator[Row]:
        while (line := self._next_line()) is not None:
            yield from self._record(line)

    def even_block(self, width: int) -> Block | None:
        """The next lines as rows, if each is a record of so many cells beyond doubt; None when they
        have to be looked at one by one, as `waiting` does, or there are none.
        """
        if self._waiting:
            return None
        lines = list(islice(self._fresh, BLOCK))
        columns = self._even_columns(lines, width)
        if columns is None:
            self._waiting.extend(lines)
            return None
        first = self._line + 1
        self._line += len(lines)
        return Block(range(first, first + len(lines)), columns)

    @property
    def holds(self) -> bool:
        """Whether lines were read that are no records yet."""
        return bool(self._waiting)

    def waiting(self) -> Iterator[Row]:
        """The records of lines that were read already."""
        while self._waiting and (line := self._next_line()) is not None:
            yield from self._record(line)

    def _record(self, line: str) -> Iterator[Row]:
        """None of a blank line."""
        place = self._line
        if line.strip("\r\n"):
            judged = self.dialect.quoting and QUOTE in line
            cells = self._cells(line) if judged else self._split(line)
            yield Row(place, tuple(cells))

    def _even_columns(self, lines: list[str], width: int) -> tuple[tuple[str, ...], ...] | None:
        if not lines or self.dialect.skips_spaces or not are_storable(lines):
            return None
        delimiter = self.dialect.delimiter
        if self.dialect.quoting and QUOTE in "".join(lines):
            records = self._one_a_line(lines)
        else:
            records = [line.rstrip("\r\n").split(delimiter) for line in lines]
        if set(map(len, records)) != {width}:
            return None
        columns = tuple(zip(*records, strict=True))
        return columns if any(map(none_missing, columns)) else None

    def _one_a_line(self, lines: list[str]) -> list[list[str]]:
        """Records whose quotation marks all are quotes; none when that is in doubt."""
        between_tabs = self.dialect.delimiter == "\t" and not self.dialect.quotes
        if between_tabs or self.dialect.backslash_quotes:
            return []
        try:
            records = list(csv.reader(lines, delimiter=self.dialect.delimiter, strict=True))
        except csv.Error:
            return []
        return records if len(records) == len(lines) else []

    def _cells(self, line: str) -> list[str]:
        """Those of a record that begins with a line in which there are quotation marks."""
        literal = self._split(line)
        quoted = self._quoted(line)
        if quoted is None:
            self._take_literally(literal)
            return literal
        lines = self._taken
        if self._is_text(lines):
            self._give_back(lines[1:])
            self._take_literally(literal)
            return literal
        if len(lines) > 1 and self._fits(lines):
            if self.dialect.stray_quotes:
                self._give_back(lines[1:])
                self.unsure[self._line] = problem("row.may_open")
                return literal
            self.joined.append(self._line)
        elif len(quoted) != len(literal) or 2 * QUOTE in line:
            self.needed += 1
        self._line += len(lines) - 1
        return quoted

    def _is_text(self, lines: list[str]) -> bool:
        """Whether marks that could be quotes are none: between tabs most texts are as they are."""
        if self.dialect.delimiter != "\t" or self.dialect.quotes or not self._fits(lines):
            return False
        return len(lines) > 1 or (self.dialect.stray_quotes and 2 * QUOTE not in lines[0])

    def _take_literally(self, cells: list[str]) -> None:
        if any(cell.startswith(QUOTE) for cell in cells):
            if self.dialect.quotes or len(cells) != self.dialect.width:
                self.unsure[self._line] = problem("row.never_closed")
            else:
                self.literal.append(self._line)

    def _fits(self, lines: list[str]) -> bool:
        """Whether each of the lines, but blank ones, would be a record of its own."""
        filled = (line for line in lines if line.strip("\r\n"))
        return all(len(self._split(line)) == self.dialect.width for line in filled)

    def _quoted(self, line: str) -> list[str] | None:
        """The record by its quotation marks; None when they are not closed as quotes are."""
        self._taken = []
        self._waiting.appendleft(line)
        try:
            return next(self._reader)
        except (csv.Error, StopIteration):
            self._give_back(self._taken[1:])
            self._reader = self._reader_of_quotes()  # the old one has seen the end of the lines
            return None

    def _reader_of_quotes(self) -> Iterator[list[str]]:
        return csv.reader(
            self._feed(), delimiter=self.dialect.delimiter, strict=True,
            skipinitialspace=self.dialect.skips_spaces,
        )  # fmt: skip

    def _give_back(self, lines: list[str]) -> None:
        self._waiting.extendleft(reversed(lines))

    def _split(self, line: str) -> list[str]:
        cells = line.rstrip("\r\n").split(self.dialect.delimiter)
        return [cell.lstrip(" ") for cell in cells] if self.dialect.skips_spaces else cells

    def _next_line(self) -> str | None:
        line = self._waiting.popleft() if self._waiting else next(self._fresh, None)
        self._line += line is not None
        return line

    def _feed(self) -> Iterator[str]:
        """What the reader of quotes asks for, remembered until it is known to be one record."""
        while True:
            line = self._waiting.popleft() if self._waiting else next(self._fresh, None)
            if line is None:
                return
            self._taken.append(line)
            yield line.replace('\\"', '""') if self.dialect.backslash_quotes else line

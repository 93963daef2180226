"""Tables: what any uploaded file is turned into, and how much of it there may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from optimizer.core.problems import Problem, Refused, problem, warning
from optimizer.core.programs.signature import Value

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_CELLS = 5_000_000  # what a reader's memory holds, the limits of the process that reads
MAX_CELL = 1_000_000  # characters
MAX_NAME = 200  # characters of a column's name
MAX_SHOWN = 10  # names of sheets in a sentence
MAX_PROBLEMS = 200  # that are told one by one; all are counted
_OF_ROW = re.compile(r"rows\[(\d+)\](?:\.(.*))?", re.DOTALL)
_HALF = re.compile("[\ud800-\udfff]")
FILE = "file"
"""The place of what is wrong with a whole file."""


@dataclass(frozen=True)
class Row:
    """One row. `place` is its first line in the file, or its number in a JSON array."""

    place: int
    cells: tuple[Value, ...]


@dataclass(frozen=True)
class Table:
    """A file's rows, each as wide as `columns`, and the rows that had to be left out.

    `encoding` and `delimiter` are as found or as asked for; what is no text has neither, JSON no
    delimiter. `notes` tell what was put right without leaving a row out. `sheet` is what was read
    of a workbook or an archive, of all its `sheets`.
    """

    columns: tuple[str, ...]
    rows: Sequence[Row]
    encoding: str
    format: Literal["csv", "jsonl", "json", "sheet", "parquet"]
    delimiter: str = ""
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    sheet: str = ""
    sheets: tuple[str, ...] = ()

    @property
    def unit(self) -> Literal["line", "row"]:
        """What a place counts."""
        return "line" if self.format in ("csv", "jsonl") else "row"


@dataclass(frozen=True)
class Options:
    """How to read a file where the guess was wrong; an empty text means guess.

    `quoting`: whether a quotation mark may mean anything but itself. `sheet`: the name of one, of a
    workbook, or of a file in an archive. `flatten`: whether objects in JSON's objects
    become columns. `together`: the files of an archive are one table, with the split or the name
    of each as a column.
    """

    encoding: str = ""
    has_header: bool = True
    delimiter: str = ""
    quoting: bool = True
    sheet: str = ""
    flatten: bool = False
    together: bool = False


def chosen_sheet(names: tuple[str, ...], asked: str) -> str:
    """The one that is asked for, by its name; else the first.

    Raises:
        Refused: there is none of that name.
    """
    if asked and asked not in names:
        raise Refused.because("table.no_such_sheet", FILE, name=asked, names=_some(names))
    return asked or names[0]


def sheets_note(names: tuple[str, ...], read: str) -> tuple[Problem, ...]:
    """That there are others than the one that was read."""
    others = tuple(name for name in names if name != read)
    return (warning("note.sheets", FILE, name=read, others=_some(others)),) if others else ()


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    return names if len(names) <= MAX_SHOWN else (*names[:MAX_SHOWN], "…")


def of_row(place: int, column: str = "") -> str:
    """Where what is wrong with a row, or with a column of it, is told: `rows[3].label`."""
    return f"rows[{place}].{column}" if column else f"rows[{place}]"


def place_of(wrong: Problem) -> int | None:
    """The line or the row (`Table.unit`) that a problem is about; None: the whole file."""
    found = _OF_ROW.fullmatch(wrong.place)
    return int(found[1]) if found else None


def in_its_row(wrong: Problem, unit: str) -> Problem:
    """The same as a whole sentence, with the line or the row (`Table.unit`) and the column."""
    found = _OF_ROW.fullmatch(wrong.place)
    if found is None:
        return wrong
    n, column = int(found[1]), found[2]
    if unit == "row":
        if column:
            return problem("row.column_of_row", wrong.place, n=n, column=column, why=wrong)
        return problem("row.of_row", wrong.place, n=n, why=wrong)
    if column:
        return problem("row.column_of_line", wrong.place, n=n, column=column, why=wrong)
    return problem("row.of_line", wrong.place, n=n, why=wrong)


def unique_names(names: list[str]) -> tuple[tuple[str, ...], list[Problem]]:
    """Column names as found, the blank and repeated ones changed, and notes about those.

    Raises:
        Refused: there are too many, or a name cannot be one.
    """
    check_width(len(names))
    found: dict[str, None] = {}
    notes: list[Problem] = []
    for number, raw in enumerate(names, start=1):
        name = " ".join(raw.replace("\ufeff", "").split())  # a mark, which nobody sees
        trouble = trouble_in(name)
        if len(name) > MAX_NAME:
            trouble = problem("row.long_cell", n=len(name), most=MAX_NAME)
        if trouble:
            raise Refused.because("table.column_name", FILE, number=number, why=trouble)
        if not name:
            name = f"column {number}"
            notes.append(warning("note.unnamed", FILE, number=number, name=name))
        given, again = name, 2
        while name in found:
            name = f"{given} ({again})"
            again += 1
        if name != given:
            notes.append(warning("note.twice", FILE, given=given, number=number, name=name))
        found[name] = None
    return tuple(found), notes


def check_width(columns: int) -> None:
    """Raises Refused when a person could not map that many columns."""
    if columns > MAX_COLUMNS:
        raise Refused.because("table.many_columns", FILE, most=MAX_COLUMNS)


def check_room(rows: int, columns: int) -> None:
    """Raises Refused when a table is larger than is taken; asked row by row while it grows."""
    if rows > MAX_ROWS:
        raise Refused.because("table.many_rows", FILE, most=MAX_ROWS)
    if rows * columns > MAX_CELLS:
        raise Refused.because("table.many_cells", FILE, most=MAX_CELLS, columns=columns)


def trouble_in_row(cells: Sequence[Value]) -> Problem | None:
    """Why one of the cells cannot be stored, if so. Most rows are texts without any oddity, which
    is seen of all of them at once.
    """
    try:
        text = "".join(cells)  # type: ignore[arg-type]
    except TypeError:  # there are others than texts
        text = ""
    if text and text.isascii() and "\x00" not in text and len(text) <= MAX_CELL:
        return None
    return next((told for cell in cells if (told := trouble_in(cell))), None)


def are_storable(texts: Sequence[str]) -> bool:
    """Whether `trouble_in` finds nothing in any of the texts."""
    text = "".join(texts)
    if "\x00" in text or max(map(len, texts), default=0) > MAX_CELL:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def trouble_in(cell: Value) -> Problem | None:
    """Why a cell cannot be stored, if so."""
    if isinstance(cell, float) and not isfinite(cell):
        return problem("row.too_large_number")
    texts = cell if isinstance(cell, list) else [cell] if isinstance(cell, str) else []
    for text in texts:
        if "\x00" in text:
            return problem("row.null_byte")
        if len(text) > MAX_CELL:
            return problem("row.long_cell", n=len(text), most=MAX_CELL)
        half = None if text.isascii() else _HALF.search(text)
        if half:
            broken = "\udc80" <= half[0] <= "\udcff"  # as encodings.BROKEN_BYTES decodes one
            return problem("row.broken_byte") if broken else problem("row.half_character")
    return None

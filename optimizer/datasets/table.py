"""Tables: what any uploaded file is turned into, and how much of it there may be."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from optimizer.core.programs.signature import Value

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_CELLS = 5_000_000  # what a reader's memory holds, the limits of the process that reads
MAX_CELL = 1_000_000  # characters
MAX_NAME = 200  # characters of a column's name
MAX_PROBLEMS = 200  # that are told one by one; all are counted


class Unreadable(ValueError):
    """The file cannot be read as a table; the message says why and what to do."""


@dataclass(frozen=True)
class Row:
    """One row. `place` is its first line in the file, or its number in a JSON array."""

    place: int
    cells: tuple[Value, ...]


@dataclass(frozen=True)
class Problem:
    """A row that was left out, and why."""

    place: int
    message: str


@dataclass(frozen=True)
class Table:
    """A file's rows, each as wide as `columns`, and the rows that had to be left out.

    `encoding` and `delimiter` are as found or as asked for; JSON has no delimiter. `notes` tell
    what was put right without leaving a row out.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    format: Literal["csv", "jsonl", "json"]
    delimiter: str = ""
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def unit(self) -> Literal["line", "row"]:
        """What a place counts."""
        return "row" if self.format == "json" else "line"


@dataclass(frozen=True)
class Options:
    """How to read a file where the guess was wrong; an empty encoding means guess."""

    encoding: str = ""
    has_header: bool = True


def unique_names(names: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Column names as found, the blank and repeated ones changed, and notes about those.

    Raises:
        Unreadable: there are too many, or a name cannot be one.
    """
    check_width(len(names))
    found: dict[str, None] = {}
    notes: list[str] = []
    for number, raw in enumerate(names, start=1):
        name = " ".join(raw.split())
        trouble = trouble_in(name) or (len(name) > MAX_NAME and f"has {len(name):,} characters")
        if trouble:
            raise Unreadable(
                f"The name of column {number} {trouble}. Does the first row have the column names?"
            )
        if not name:
            name = f"column {number}"
            notes.append(f"Column {number} has no name in the file; here it is “{name}”.")
        given, again = name, 2
        while name in found:
            name = f"{given} ({again})"
            again += 1
        if name != given:
            notes.append(f"There is more than one column “{given}”; column {number} is “{name}”.")
        found[name] = None
    return tuple(found), notes


def check_width(columns: int) -> None:
    """Raises Unreadable when a person could not map that many columns."""
    if columns > MAX_COLUMNS:
        raise Unreadable(
            f"The file has more columns than a dataset takes: up to {MAX_COLUMNS}. "
            "Keep the ones that you need."
        )


def check_room(rows: int, columns: int) -> None:
    """Raises Unreadable when a table is larger than is taken; asked row by row while it grows."""
    if rows > MAX_ROWS:
        raise Unreadable(f"The file has more than {MAX_ROWS:,} rows. Take a part of it.")
    if rows * columns > MAX_CELLS:
        raise Unreadable(
            f"The file has more than {MAX_CELLS:,} cells, {columns} in a row. "
            "Take a part of it, or only the columns that you need."
        )


def trouble_in(cell: Value) -> str:
    """Why a cell cannot be stored, or an empty string."""
    if isinstance(cell, float) and not isfinite(cell):
        return "has a number that is too large"
    texts = cell if isinstance(cell, list) else [cell] if isinstance(cell, str) else []
    for text in texts:
        if "\x00" in text:
            return "has a null byte, which a text cannot have"
        if len(text) > MAX_CELL:
            return f"has a cell of {len(text):,} characters; up to {MAX_CELL:,} are taken"
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            return "has half a character (a lone surrogate), which cannot be stored"
    return ""

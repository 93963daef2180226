"""JSON: one object a line, or a list of objects. What is nested stays as JSON text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, TextIO

from optimizer.core.programs.signature import Value
from optimizer.datasets.table import (
    Problem,
    Row,
    Table,
    Unreadable,
    check_room,
    check_width,
    trouble_in,
    unique_names,
)

LINES = ("jsonl", "ndjson")
MAX_DIGITS = 4300
"""Of a whole number: Python reads no more, which takes the square of their time."""
_TOO_DEEP = "is nested too deeply"
_NO_ROWS = "The JSON has no rows: a list of objects like [{…}, {…}] is needed."


class _NotTaken(ValueError):
    """JSON, but not what a dataset can hold; the message says why."""


@dataclass(frozen=True)
class _NoValue:
    """Stands in the place of what was read, until the row is known that it belongs to."""

    why: str


class _Objects:
    """Objects as they are found, as rows with a cell for each key so far; refused once they are
    too many. A file of a few hundred KB can name many columns once and then have many short rows.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.problems: list[Problem] = []
        self.keys: dict[str, None] = {}

    def take(self, place: int, item: Any) -> None:
        """Raises Unreadable when no more are taken."""
        try:
            self.rows.append(Row(place, self._cells(item)))
        except _NotTaken as error:
            self.problems.append(Problem(place, str(error)))
        self._check()

    def _cells(self, item: Any) -> tuple[Value, ...]:
        if not isinstance(item, dict):
            raise _NotTaken(f"is {_kind(item)}, not an object {{…}}")
        self.keys.update(dict.fromkeys(item))
        check_width(len(self.keys))
        try:
            cells = tuple(_cell(item.get(key)) for key in self.keys)
        except RecursionError:
            raise _NotTaken(_TOO_DEEP) from None
        message = next((told for cell in cells if (told := trouble_in(cell))), "")
        if message:
            raise _NotTaken(message)
        return cells

    def leave_out(self, place: int, message: str) -> None:
        """Raises Unreadable when no more are taken."""
        self.problems.append(Problem(place, message))
        self._check()

    def table(self, encoding: str, kind: Literal["jsonl", "json"]) -> Table:
        names, notes = unique_names(list(self.keys))
        if not names and self.rows:
            raise Unreadable("The objects of the file are all empty: there are no columns.")
        rows = tuple(
            Row(row.place, row.cells + (None,) * (len(names) - len(row.cells))) for row in self.rows
        )
        return Table(names, rows, encoding, kind, "", tuple(self.problems), tuple(notes))

    def _check(self) -> None:
        check_room(len(self.rows) + len(self.problems), len(self.keys))


def read_json(text: TextIO, encoding: str, extension: str = "") -> Table:
    """Read an object a line, or one document with a list of objects, whatever the file's ending.

    A broken line, or an item that cannot be taken, is a problem of that line or item only.

    Raises:
        Unreadable: no table can be made of it.
    """
    first, more = _first_line(text)
    if _is_a_record(first, alone=not more):
        return _lines(text, encoding)
    try:
        found = _load(text.read())
    except (json.JSONDecodeError, _NotTaken) as error:
        if extension in LINES or first.startswith("{"):
            text.seek(0)
            return _lines(text, encoding, error)
        raise Unreadable(f"The file is not JSON: {_told(error)}.") from error
    return _document(found, encoding)


def _lines(text: TextIO, encoding: str, whole: ValueError | None = None) -> Table:
    """`whole` is what is wrong with the file as one document."""
    objects = _Objects()
    for number, line in enumerate(text, start=1):
        if not line.strip("\ufeff \t\r\n"):
            continue
        try:
            objects.take(number, _load(line))
        except (json.JSONDecodeError, _NotTaken) as error:
            objects.leave_out(number, _told(error))
    if not objects.rows and not objects.keys:
        if whole is not None:
            raise Unreadable(f"The file is not JSON: {_told(whole)}.")
        first = next((f" Line {p.place} {p.message}." for p in objects.problems), "")
        raise Unreadable(f"No line of the file is a JSON object.{first}")
    return objects.table(encoding, "jsonl")


def _document(found: Any, encoding: str) -> Table:
    objects, items = _Objects(), _items(found)
    if not any(isinstance(item, dict) for item in items):
        raise Unreadable(_NO_ROWS)
    for number, item in enumerate(items, start=1):
        objects.take(number, item)
    return objects.table(encoding, "json")


def _items(found: Any) -> list[Any]:
    """The list that a document is or has; an object without one is a single row."""
    if isinstance(found, list):
        return found
    if not isinstance(found, dict):
        raise Unreadable(_NO_ROWS)
    lists = _lists_in(found)
    if len(lists) > 1:
        raise Unreadable(f"The JSON has {len(lists)} lists of objects. Keep the one that is meant.")
    return lists[0] if lists else [found]


def _first_line(text: TextIO) -> tuple[str, bool]:
    """The first line that is not blank, and whether there is another; the text is rewound."""
    filled = (line for line in text if line.strip("\ufeff \t\r\n"))
    first, more = next(filled, "").strip("\ufeff \t\r\n"), next(filled, None) is not None
    text.seek(0)
    return first, more


def _is_a_record(line: str, *, alone: bool) -> bool:
    """Whether the line is whole and one of many, or alone and no document with a list of rows."""
    try:
        found = _load(line)
    except (json.JSONDecodeError, _NotTaken):
        return False
    return not alone or (isinstance(found, dict) and not _lists_in(found))


def _lists_in(found: dict[str, Any]) -> list[list[Any]]:
    return [
        value
        for value in found.values()
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    ]


def _cell(value: Any) -> Value:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    if isinstance(value, _NoValue):
        raise _NotTaken(value.why)
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_refuse)
    except _NotTaken:
        raise
    except ValueError:
        raise _NotTaken("has a number that is too large") from None


def _refuse(value: _NoValue) -> Any:
    raise _NotTaken(value.why)


def _integer(digits: str) -> int | _NoValue:
    if len(digits) > MAX_DIGITS:
        return _NoValue("has a whole number of thousands of digits")
    return int(digits)


def _constant(name: str) -> _NoValue:
    return _NoValue(f"has {name}, which is not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_constant, parse_int=_integer)


def _load(text: str) -> Any:
    try:
        return _DECODER.decode(text.lstrip("\ufeff"))
    except RecursionError:
        raise _NotTaken(_TOO_DEEP) from None


def _told(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} (line {error.lineno}, character {error.colno})"
    return str(error)


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")

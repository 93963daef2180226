"""JSON: one object a line, or an array of objects. What is nested stays as JSON text."""

from __future__ import annotations

import json
from typing import Any, Literal, NoReturn, TextIO

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

_TOO_DEEP = "is nested too deeply"


class _NotTaken(ValueError):
    """JSON, but not what a dataset can hold; the message says why."""


class _Objects:
    """Objects as they are found, with the names of all their keys; refused once they are too many.

    A file of a few hundred KB can name many columns once and then have many short rows.
    """

    def __init__(self) -> None:
        self.found: list[tuple[int, dict[str, Any]]] = []
        self.problems: list[Problem] = []
        self.keys: dict[str, None] = {}

    def take(self, place: int, item: Any) -> None:
        """Raises Unreadable when no more are taken."""
        if isinstance(item, dict):
            self.found.append((place, item))
            self.keys.update(dict.fromkeys(item))
            check_width(len(self.keys))
        else:
            self.problems.append(Problem(place, f"is {_kind(item)}, not an object {{…}}"))
        self._check()

    def leave_out(self, place: int, message: str) -> None:
        """Raises Unreadable when no more are taken."""
        self.problems.append(Problem(place, message))
        self._check()

    def _check(self) -> None:
        check_room(len(self.found) + len(self.problems), len(self.keys))


def read_json_lines(text: TextIO, encoding: str) -> Table:
    """Read one JSON object a line; a broken line is a problem of that line only.

    Raises:
        Unreadable: no table can be made of it.
    """
    objects = _Objects()
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            objects.take(number, _load(line))
        except (json.JSONDecodeError, _NotTaken) as error:
            objects.leave_out(number, _told(error))
    if not objects.found:
        first = next((f" Line {p.place} {p.message}." for p in objects.problems), "")
        raise Unreadable(f"No line of the file is a JSON object.{first}")
    return _table(objects, encoding, "jsonl")


def read_json_array(text: TextIO, encoding: str) -> Table:
    """Read an array of objects, or an object whose only list of objects is meant.

    Raises:
        Unreadable: no table can be made of it.
    """
    try:
        found = _load(text.read())
    except (json.JSONDecodeError, _NotTaken) as error:
        raise Unreadable(f"The file is not JSON: {_told(error)}.") from error
    objects = _Objects()
    for number, item in enumerate(_items(found), start=1):
        objects.take(number, item)
    if not objects.found:
        raise Unreadable("The JSON has no rows: a list of objects like [{…}, {…}] is needed.")
    return _table(objects, encoding, "json")


def _items(found: Any) -> list[Any]:
    if isinstance(found, list):
        return found
    lists = [
        value
        for value in (found.values() if isinstance(found, dict) else ())
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    ]
    if len(lists) == 1:
        return lists[0]
    raise Unreadable("The JSON has no rows: a list of objects like [{…}, {…}] is needed.")


def _table(objects: _Objects, encoding: str, kind: Literal["jsonl", "json"]) -> Table:
    names, notes = unique_names(list(objects.keys))
    if not names:
        raise Unreadable("The objects of the file are all empty: there are no columns.")
    rows: list[Row] = []
    problems = objects.problems
    for place, found in objects.found:
        try:
            cells = tuple(_cell(found.get(key)) for key in objects.keys)
        except RecursionError:
            problems.append(Problem(place, _TOO_DEEP))
            continue
        message = next((told for cell in cells if (told := trouble_in(cell))), "")
        if message:
            problems.append(Problem(place, message))
        else:
            rows.append(Row(place, cells))
    problems.sort(key=lambda problem: problem.place)
    return Table(names, tuple(rows), encoding, kind, "", tuple(problems), tuple(notes))


def _cell(value: Any) -> Value:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _load(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise _NotTaken(_TOO_DEEP) from None
    except (json.JSONDecodeError, _NotTaken):
        raise
    except ValueError:  # Python reads no integer of more than 4,300 digits: that takes its square
        raise _NotTaken("has a whole number of thousands of digits") from None


def _refuse_constant(name: str) -> NoReturn:
    raise _NotTaken(f"has {name}, which is not a JSON number")


def _told(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} (line {error.lineno}, character {error.colno})"
    return str(error)


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")

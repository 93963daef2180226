"""JSON: one object a line, or an array of objects. What is nested stays as JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal, NoReturn, TextIO

from optimizer.core.programs.signature import Value
from promptlab.datasets.table import (
    MAX_ROWS,
    Problem,
    Row,
    Table,
    Unreadable,
    check_width,
    trouble_in,
    unique_names,
)


class _NotFinite(ValueError):
    pass


def read_json_lines(text: TextIO, encoding: str) -> Table:
    """Read one JSON object a line; a broken line is a problem of that line only.

    Raises:
        Unreadable: no table can be made of it.
    """
    objects: list[tuple[int, dict[str, Any]]] = []
    problems: list[Problem] = []
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            found = _load(line)
        except ValueError as error:
            problems.append(Problem(number, _told(error)))
            continue
        if isinstance(found, dict):
            objects.append((number, found))
        else:
            problems.append(Problem(number, f"is {_kind(found)}, not an object {{…}}"))
        if len(objects) > MAX_ROWS:
            raise Unreadable(f"The file has more than {MAX_ROWS:,} rows. Take a part of it.")
    if not objects:
        first = f" Line {problems[0].place} {problems[0].message}." if problems else ""
        raise Unreadable(f"No line of the file is a JSON object.{first}")
    return _table(objects, problems, encoding, "jsonl")


def read_json_array(text: TextIO, encoding: str) -> Table:
    """Read an array of objects, or an object whose only list of objects is meant.

    Raises:
        Unreadable: no table can be made of it.
    """
    try:
        found = _load(text.read())
    except ValueError as error:
        raise Unreadable(f"The file is not JSON: {_told(error)}.") from error
    items = _items(found)
    if len(items) > MAX_ROWS:
        raise Unreadable(f"The file has more than {MAX_ROWS:,} rows. Take a part of it.")
    numbered = list(enumerate(items, start=1))
    objects = [(number, item) for number, item in numbered if isinstance(item, dict)]
    problems = [
        Problem(number, f"is {_kind(item)}, not an object {{…}}")
        for number, item in numbered
        if not isinstance(item, dict)
    ]
    if not objects:
        raise Unreadable("The JSON has no rows: a list of objects like [{…}, {…}] is needed.")
    return _table(objects, problems, encoding, "json")


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


def _table(
    objects: Iterable[tuple[int, dict[str, Any]]],
    problems: list[Problem],
    encoding: str,
    kind: Literal["jsonl", "json"],
) -> Table:
    objects = list(objects)
    keys = list(dict.fromkeys(key for _, found in objects for key in found))
    names, notes = unique_names(keys)
    if not names:
        raise Unreadable("The objects of the file are all empty: there are no columns.")
    check_width(names)
    rows: list[Row] = []
    for place, found in objects:
        cells = tuple(_cell(found.get(key)) for key in keys)
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
        raise ValueError("is nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise _NotFinite(f"has {name}, which is not a JSON number")


def _told(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} (line {error.lineno}, character {error.colno})"
    return str(error)


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")

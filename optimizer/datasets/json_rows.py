"""JSON: one object a line, or a list of objects. What is nested stays as JSON text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TextIO

from optimizer.core.problems import Problem, Refused, problem
from optimizer.core.programs.signature import Value
from optimizer.datasets.blocks import BLOCK, Gathered, is_sound
from optimizer.datasets.exports import Exports
from optimizer.datasets.json_shapes import are_names, is_one_row, items_of
from optimizer.datasets.table import (
    FILE,
    Table,
    check_room,
    check_width,
    in_its_row,
    of_row,
    trouble_in_row,
    unique_names,
)

LINES = ("jsonl", "ndjson")
MOST_NESTED = 20  # objects in objects that become columns
_PLAIN = {str, bool, int, float, type(None)}
MAX_DIGITS = 4300
"""Of a whole number: Python reads no more, which takes the square of their time."""


class _NotTaken(Exception):
    """No JSON, or not what a dataset can hold: a problem of one row, if it is known of which."""

    def __init__(self, why: Problem) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True)
class _NoValue:
    """Stands in the place of what was read, until the row is known that it belongs to."""

    why: Problem


class _Objects:
    """Objects as they are found, as rows with a cell for each key so far; refused once they are
    too many. A file of a few hundred KB can name many columns once and then have many short rows.
    """

    def __init__(self, *, flatten: bool) -> None:
        self.flatten = flatten
        self.rows = Gathered()
        self.problems: list[Problem] = []
        self.keys: dict[str, None] = {}
        self.exports = Exports()
        self.names: tuple[str, ...] | None = None

    def take(self, place: int, item: Any) -> None:
        """Raises Refused when no more are taken."""
        try:
            self.rows.take(place, self._cells(item))
        except _NotTaken as error:
            self.leave_out(place, error.why)
        self._check()

    def take_even(self, first: int, items: Sequence[Any] | None) -> bool:
        """Take objects that need no look each, with no keys but those so far; else none of them."""
        if not items or self.flatten or not self.keys:
            return False
        if set(map(type, items)) != {dict} or not set().union(*items) <= self.keys.keys():
            return False
        if not self.exports.are_plain(items, self.keys):
            return False
        try:
            columns = [_column([item.get(key) for item in items]) for key in self.keys]
        except (_NotTaken, RecursionError):
            return False
        if not all(map(is_sound, columns)):
            return False
        self.rows.extend(range(first, first + len(items)), columns)
        self._check()
        return True

    def _cells(self, item: Any) -> tuple[Value, ...]:
        if isinstance(item, _NoValue):
            raise _NotTaken(item.why)
        if not isinstance(item, dict):
            raise _NotTaken(problem("row.no_object"))
        item = self.exports.plain(item)
        if self.flatten:
            item = dict(_flat(item))
        self.keys.update(dict.fromkeys(item))
        check_width(len(self.keys))
        try:
            cells = tuple(_cell(item.get(key)) for key in self.keys)
        except RecursionError:
            raise _NotTaken(problem("row.deep")) from None
        trouble = trouble_in_row(cells)
        if trouble:
            raise _NotTaken(trouble)
        return cells

    def take_lines(self, first: int, lines: list[str]) -> None:
        """Take lines one by one; the first may be a list of names. Raises as `take` does."""
        for number, line in enumerate(lines, start=first):
            if not line.strip("\ufeff \t\r\n"):
                continue
            try:
                found = _load(line, number)
                if self.names is None and not self.rows and are_names(found):
                    self.names = tuple(found)
                else:
                    item = found if self.names is None else _named(self.names, found)
                    self.take(number, item)
            except _NotTaken as error:
                self.leave_out(number, error.why)

    def leave_out(self, place: int, why: Problem) -> None:
        """Raises Refused when no more are taken."""
        self.problems.append(why.at(of_row(place)))
        self._check()

    def table(self, encoding: str, kind: Literal["jsonl", "json"]) -> Table:
        names, notes = unique_names(list(self.keys))
        if not names and self.rows:
            raise Refused.because("table.no_columns", FILE)
        self.rows.widen(len(names))
        notes = [*self.exports.notes(), *notes]
        return Table(
            names, self.rows.block(), encoding, kind, "", tuple(self.problems), tuple(notes)
        )

    def _check(self) -> None:
        check_room(len(self.rows) + len(self.problems), len(self.keys))


def is_json(text: TextIO) -> bool:
    """Whether the first line is JSON, or else all lines together are; the text is rewound."""
    first, more = _first_line(text)
    try:
        _load(first)
    except _NotTaken:
        whole = text.read() if more else ""
        text.seek(0)
        try:
            return bool(whole) and _load(whole) is not None
        except _NotTaken:
            return False
    return True


def read_json(text: TextIO, encoding: str, extension: str = "", *, flatten: bool = False) -> Table:
    """Read an object a line, or one document with a list of objects, whatever the file's ending.

    A broken line, or an item that cannot be taken, is a problem of that line or item only.

    Raises:
        Refused: no table can be made of it.
    """
    first, more = _first_line(text)
    if _is_a_record(first, alone=not more):
        return _lines(text, encoding, flatten)
    content = text.read()
    try:
        found = _load(content)
    except _NotTaken as error:
        several = _one_after_another(content)
        if several:
            return _document(several, encoding, flatten)
        if extension in LINES or first.startswith("{"):
            text.seek(0)
            return _lines(text, encoding, flatten, error.why)
        raise Refused.because("table.not_json", FILE, why=error.why) from error
    return _document(found, encoding, flatten)


def table_of(items: Iterable[tuple[int, Any]]) -> Table:
    """Objects with their places as rows, as those of a file are."""
    objects = _Objects(flatten=False)
    for place, item in items:
        objects.take(place, item)
    return objects.table("", "json")


def _lines(text: TextIO, encoding: str, flatten: bool, whole: Problem | None = None) -> Table:
    """`whole` is what is wrong with the file as one document."""
    objects = _Objects(flatten=flatten)
    above = 0
    while lines := list(islice(text, BLOCK if above else 1)):
        if not objects.take_even(above + 1, _objects_in(lines)):
            objects.take_lines(above + 1, lines)
        above += len(lines)
    if not objects.rows and not objects.keys:
        if whole is not None:
            raise Refused.because("table.not_json", FILE, why=whole)
        first = in_its_row(objects.problems[0], "line")
        raise Refused.because("table.no_object_lines", FILE, first=first)
    return objects.table(encoding, "jsonl")


def _document(found: Any, encoding: str, flatten: bool) -> Table:
    objects, items = _Objects(flatten=flatten), items_of(found)
    names = tuple(items[0]) if len(items) > 1 and are_names(items[0]) else None
    if names is None and not any(isinstance(item, dict) for item in items):
        raise Refused.because("table.no_json_rows", FILE)
    if names is not None:
        for number, item in enumerate(items[1:], start=2):
            try:
                objects.take(number, _named(names, item))
            except _NotTaken as error:
                objects.leave_out(number, error.why)
        return objects.table(encoding, "json")
    for above in (0, *range(1, len(items), BLOCK)):
        some = items[above : above + BLOCK] if above else items[:1]
        if not objects.take_even(above + 1, some):
            for number, item in enumerate(some, start=above + 1):
                objects.take(number, item)
    return objects.table(encoding, "json")


def _flat(item: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Values with their paths, like `order/city`; lists stay whole, and so do empty objects.

    Raises:
        _NotTaken: it is nested too deeply.
    """
    if above.count("/") > MOST_NESTED:
        raise _NotTaken(problem("row.deep"))
    for key, value in item.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{above}{key}/")
        else:
            yield above + key, value


def _one_after_another(content: str) -> list[Any]:
    """Objects that are written over several lines each, or on one; none when that is not all."""
    items: list[Any] = []
    at = 0
    while match := _NEXT.match(content, at):
        try:
            item, at = _DECODER.raw_decode(content, match.end() - 1)
        except (json.JSONDecodeError, RecursionError):
            return []
        items.append(item)
    return items if not content[at:].strip() and len(items) > 1 else []


def _named(names: tuple[str, ...], cells: Any) -> dict[str, Any]:
    """A list of cells as an object."""
    if not isinstance(cells, list):
        raise _NotTaken(problem("row.no_list"))
    if len(cells) != len(names):
        code = "row.few_cells" if len(cells) < len(names) else "row.many_cells"
        raise _NotTaken(problem(code, n=len(cells), width=len(names)))
    return dict(zip(names, cells, strict=True))


def _first_line(text: TextIO) -> tuple[str, bool]:
    """The first line that is not blank, and whether there is another; the text is rewound."""
    filled = (line for line in text if line.strip("\ufeff \t\r\n"))
    first, more = next(filled, "").strip("\ufeff \t\r\n"), next(filled, None) is not None
    text.seek(0)
    return first, more


def _objects_in(lines: list[str]) -> list[dict[str, Any]] | None:
    """The lines as objects; None where one is none, or stands on no line of its own."""
    items = []
    for line in lines:
        try:
            item, end = _DECODER.raw_decode(line)
        except (ValueError, RecursionError):
            return None
        if type(item) is not dict or line[end:].strip(" \t\r\n"):
            return None
        items.append(item)
    return items


def _is_a_record(line: str, *, alone: bool) -> bool:
    """Whether the line is whole and one of many, or alone and no document with a list of rows."""
    try:
        found = _load(line)
    except _NotTaken:
        return False
    return not alone or is_one_row(found)


def _column(values: list[Any]) -> list[Value]:
    return values if set(map(type, values)) <= _PLAIN else list(map(_cell, values))


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
        raise _NotTaken(problem("row.too_large_number")) from None


def _refuse(value: _NoValue) -> Any:
    raise _NotTaken(value.why)


def _integer(digits: str) -> int | _NoValue:
    if len(digits) > MAX_DIGITS:
        return _NoValue(problem("row.digits"))
    return int(digits)


def _constant(name: str) -> _NoValue:
    return _NoValue(problem("row.constant", name=name))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _NoValue:
    """Of a name that is there twice, one value would be lost."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    return _NoValue(problem("row.name_twice", name=next(n for n in names if names.count(n) > 1)))


_NEXT = re.compile(r"[\s\ufeff\x1e]*\{")
_DECODER = json.JSONDecoder(parse_constant=_constant, parse_int=_integer, object_pairs_hook=_object)


def _load(text: str, line: int = 1) -> Any:
    """`line` is the number of the text's first line."""
    try:
        found = _DECODER.decode(text.lstrip("\ufeff\x1e"))
    except RecursionError:
        raise _NotTaken(problem("row.deep")) from None
    except json.JSONDecodeError as error:
        raise _NotTaken(
            problem(
                "row.not_json", why=error.msg.lower(), line=error.lineno + line - 1, at=error.colno
            )
        ) from error
    if isinstance(found, _NoValue):
        raise _NotTaken(found.why)
    return found

"""What objects and lists in a column look like: fields of the objects, what lists are of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from optimizer.core.programs.dates import day_of
from optimizer.core.programs.signature import DEEPEST, Field, FieldType, Value

MOST_FIELDS = 100
"""Names of one object; with more it is a table of its own."""
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def shape_in(values: Sequence[Value]) -> Field | None:
    """The shape of values that all are JSON objects, or lists of anything but texts."""
    found = []
    for value in values:
        if isinstance(value, str):
            if not value.lstrip().startswith(("{", "[")):
                return None
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return None
        if not isinstance(value, dict | list):
            return None
        found.append(value)
    shape = _shape("", found) if found else None
    if shape is None or shape.type is FieldType.TEXT or shape.depth > DEEPEST:
        return None
    return None if shape.type is FieldType.LIST and shape.items is FieldType.TEXT else shape


def is_date(value: Value) -> bool:
    """Whether it is a day as ISO 8601 writes it."""
    return isinstance(value, str) and bool(_ISO.fullmatch(value.strip())) and bool(day_of(value))


def _shape(name: str, values: Iterable[Any]) -> Field:
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, dict) for value in present):
        parts = _parts(present)
        return Field(name, FieldType.OBJECT, fields=parts) if parts else Field(name)
    if present and all(isinstance(value, list) for value in present):
        item = _shape(name, [item for value in present for item in value])
        kind = FieldType.TEXT if item.type is FieldType.LIST else item.type
        return Field(name, FieldType.LIST, items=kind, fields=item.fields)
    return Field(name, _single(present))


def _parts(objects: Sequence[dict[str, Any]]) -> tuple[Field, ...]:
    names = list(dict.fromkeys(name for each in objects for name in each))
    if len(names) > MOST_FIELDS or not all(name.strip() for name in names):
        return ()
    return tuple(_part(name, [each.get(name) for each in objects]) for name in names)


def _part(name: str, values: Sequence[Any]) -> Field:
    found = _shape(name, values)
    nullable = any(value is None for value in values)
    return Field(name, found.type, nullable=nullable, items=found.items, fields=found.fields)


def _single(values: Sequence[Any]) -> FieldType:
    if values and all(isinstance(value, bool) for value in values):
        return FieldType.BOOLEAN
    if not values or any(isinstance(value, bool | str | dict | list) for value in values):
        return FieldType.DATE if values and all(map(is_date, values)) else FieldType.TEXT
    whole = all(isinstance(value, int) for value in values)
    return FieldType.INTEGER if whole else FieldType.NUMBER

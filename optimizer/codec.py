"""JSON of the core's values: written and read through pydantic, validated at the door."""

from __future__ import annotations

import json
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class Unreadable(ValueError):
    """JSON that is not what it should be; the message names the first wrong place."""


@cache
def adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, kind))


def to_json(value: object, kind: Hashable = None) -> Any:
    """A core value as plain JSON data (dicts, lists, strings, numbers)."""
    return adapter(kind or cast(Hashable, type(value))).dump_python(value, mode="json")


def from_json(kind: type[T], data: Any) -> T:
    """Read a core value.

    Raises:
        Unreadable: the data does not have this shape.
    """
    try:
        found: T = adapter(cast(Hashable, kind)).validate_python(data)
    except ValidationError as error:
        raise Unreadable(_first_problem(error)) from error
    return found


def canonical(data: Any) -> str:
    """The one spelling of JSON data that digests are made of."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the whole"
    return f"{place}: {first['msg']}"

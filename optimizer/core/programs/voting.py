"""What most of several values say.

It stands alone, on the values: everything below the line of dashes is copied into the files that a
version is downloaded as.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from optimizer.core.programs.values import Kind, ListOf, UnreadableValue, plain_kind, read_value

# ----------------------------------------------------------------------------------------------


def most_frequent(kind: Kind, values: list[Any]) -> Any:
    """The most frequent of the values, each of which may be a list of them; of equals the first. A
    value that is null or of another type is none. None where there is none at all.
    """
    found = [told for value in values for told in _votes(plain_kind(kind), value)]
    counted = Counter(_spelling(value) for value in found)
    most = max(counted.values(), default=0)
    return next((value for value in found if counted[_spelling(value)] == most), None)


def distinct(kind: Kind, values: list[Any]) -> list[Any]:
    """The values that differ, in their order, lists of them unfolded."""
    found: dict[str, Any] = {}
    for value in values:
        for told in _votes(plain_kind(kind), value):
            found.setdefault(_spelling(told), told)
    return list(found.values())


def _votes(kind: Kind, value: Any) -> list[Any]:
    if isinstance(value, list) and kind != "list" and not isinstance(kind, ListOf):
        return [told for each in value for told in _votes(kind, each)]
    if value is None:
        return []
    try:
        return [read_value(kind, value)]
    except UnreadableValue:
        return []


def _spelling(value: Any) -> str:
    """Equal for texts that are the same but for case and spaces."""
    return " ".join(str(value).casefold().split())


class MostFrequent(NamedTuple):
    """A step that gives its one output what most of its inputs say."""

    output: str
    kind: Kind

    def __call__(self, values: dict[str, Any]) -> dict[str, Any]:
        return {self.output: most_frequent(self.kind, list(values.values()))}

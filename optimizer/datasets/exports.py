"""Rows as other tools export them, as the rows that they stand for.

What cannot be carried over is told; what is nobody's export stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from optimizer.core.problems import Problem, warning
from optimizer.datasets.export_kinds import KINDS, Item
from optimizer.datasets.table import FILE


class Exports:
    """Turns items of one file into plain ones, and knows what it met."""

    def __init__(self) -> None:
        self._met: dict[str, None] = {}
        self._lost: dict[str, None] = {}

    def plain(self, item: Item) -> Item:
        """The row that an item of a known export stands for; any other item as it is."""
        for kind in KINDS:
            if not kind.marks.isdisjoint(item) and kind.is_one(item):
                self._met[kind.name] = None
                row, lost = kind.read(item)
                self._lost |= dict.fromkeys(lost)
                return row
        return item

    def are_plain(self, items: Sequence[Item], keys: Collection[str]) -> bool:
        """Whether none of the items, which have no other keys, is one of an export."""
        likely = [kind for kind in KINDS if not kind.marks.isdisjoint(keys)]
        return not any(kind.is_one(item) for kind in likely for item in items)

    def notes(self) -> list[Problem]:
        told = [warning("note.export", FILE, name=name) for name in self._met]
        if self._lost:
            told.append(warning("note.export_lost", FILE, parts=tuple(self._lost)))
        return told


def rows_in_document(found: dict[str, Any]) -> list[Any]:
    """The list that is meant in a document of another tool, which has others beside it; [] where it
    is none.
    """
    results, data = found.get("results"), found.get("data")
    places = (
        results.get("results") if isinstance(results, dict) else None,  # promptfoo
        found.get("tests") if "prompts" in found else None,
        found.get("examples"),  # Phoenix, LangSmith
        data.get("examples") if isinstance(data, dict) else None,
    )
    return next(filter(None, map(_objects, places)), [])


def _objects(value: Any) -> list[Any]:
    """A list of objects alone; anything else is none."""
    fits = isinstance(value, list) and all(isinstance(item, dict) for item in value)
    return list(value) if fits else []

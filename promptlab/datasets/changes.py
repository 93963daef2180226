"""What one version of a dataset has otherwise than another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from django.db.models import Q

from promptlab.datasets.models import Dataset, DatasetExample


@dataclass(frozen=True)
class RowChange:
    """A row that a version has otherwise than another; None where it has none."""

    key: str
    before: DatasetExample | None
    after: DatasetExample | None


class Changes(Sequence[RowChange]):
    """What is other in one version than in another, in order; rows are read where they are asked
    for.
    """

    def __init__(self, dataset: Dataset, before: int, after: int) -> None:
        self._rows = DatasetExample.of_all_versions.filter(dataset=dataset)
        self._pairs = list(self._found(before, after))

    def _found(self, before: int, after: int) -> Iterator[tuple[str, int | None, int | None]]:
        old = {row[0]: row for row in self._only_in(before, after)}
        new = {row[0]: row for row in self._only_in(after, before)}
        places = {key: place for key, _, place, *_ in (*old.values(), *new.values())}
        for key in sorted(places, key=lambda key: places[key]):
            was, is_now = old.get(key), new.get(key)
            again = was and is_now and was[2:] == is_now[2:]  # changed, and changed back
            if not again or was is None or was[-1] is None:
                yield key, was and was[1], is_now and is_now[1]

    def _only_in(self, version: int, other: int) -> Iterable[tuple[str, int, int, Any]]:
        there = self._rows.filter(lives_in(version)).exclude(lives_in(other)).order_by()
        return there.values_list("key", "pk", "position", "digest")

    def __len__(self) -> int:
        return len(self._pairs)

    @overload
    def __getitem__(self, at: int) -> RowChange: ...
    @overload
    def __getitem__(self, at: slice) -> list[RowChange]: ...
    def __getitem__(self, at: int | slice) -> RowChange | list[RowChange]:
        if isinstance(at, int):
            return self[at : at + 1 or None][0]
        asked = self._pairs[at]
        rows = self._rows.in_bulk([pk for _, *pks in asked for pk in pks if pk is not None])
        return [RowChange(key, rows.get(was), rows.get(now)) for key, was, now in asked]


def lives_in(version: int) -> Q:
    """Rows that a version has."""
    return Q(since__lte=version) & (Q(until__isnull=True) | Q(until__gt=version))

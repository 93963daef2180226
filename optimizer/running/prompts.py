"""Candidates and announcements as rows; the pools of demos that they name are stored once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from optimizer import codec
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import DemoPool
from optimizer.models import Candidate as CandidateRow
from optimizer.models import DemoPool as DemoPoolRow

T = TypeVar("T")
KEPT_IN_MEMORY = 8
"""Pools that one process holds ready: each with its index, which takes a while to build."""


class _Rows:
    """The pools in the database."""

    def keep(self, pool: DemoPool) -> None:
        if not DemoPoolRow.objects.filter(pk=pool.digest).exists():
            row = DemoPoolRow(
                digest=pool.digest, content=codec.to_json(pool), count=len(pool.demos)
            )
            DemoPoolRow.objects.bulk_create([row], ignore_conflicts=True)

    def kept(self, digest: str) -> DemoPool | None:
        return _pool(digest)


@lru_cache(maxsize=KEPT_IN_MEMORY)
def _read(digest: str) -> DemoPool:
    return codec.from_json(DemoPool, DemoPoolRow.objects.get(pk=digest).content)


def _pool(digest: str) -> DemoPool | None:
    try:
        return _read(digest)
    except DemoPoolRow.DoesNotExist:
        return None


def to_row(value: object) -> Any:
    """The JSON of a candidate or an announcement; its pools of demos are stored by content."""
    return codec.to_json(value, pools=_Rows())


def from_row(kind: type[T], data: Any) -> T:
    """Read what `to_row` wrote.

    Raises:
        ValueError: the data has another shape, or a pool is gone.
    """
    return codec.from_json(kind, data, _Rows())


def prompts_of(row: CandidateRow) -> Candidate:
    """A candidate's instructions and demos."""
    return from_row(Candidate, row.prompts)

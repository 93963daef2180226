"""Lists come in pages: `limit` and `offset` in, `items` and `count` out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from ninja import Schema
from pydantic import Field

T = TypeVar("T")
MOST = 200
USUAL = 50


class Window(Schema):
    """Which part of a list."""

    limit: int = Field(USUAL, ge=1, le=MOST, description="How many at most.")
    offset: int = Field(0, ge=0, le=1_000_000_000, description="How many to leave out first.")

    def of(self, rows: QuerySet[Any] | Sequence[Any]) -> dict[str, Any]:
        """The part of these rows, as a Page."""
        count = rows.count() if isinstance(rows, QuerySet) else len(rows)
        return {"items": list(rows[self.offset : self.offset + self.limit]), "count": count}


class Page(Schema, Generic[T]):
    """`count` is that of the whole list."""

    items: list[T]
    count: int

"""What the query of an address says, by type.

One rule for every page: what cannot be meant is as if it were not there, so that an odd address
shows the page as it is at first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from django.http import QueryDict

MOST_DIGITS = 18
"""Digits of a number: every number of so many fits a key of the database."""
MOST_LETTERS = 500
"""Characters of a text; the rest is left out."""


def number_in(text: str) -> int | None:
    """A whole number as a page writes it: digits 0–9 and nothing else; None for anything else.

    >>> number_in("12"), number_in("²"), number_in("-1"), number_in("9" * 5000)
    (12, None, None, None)
    """
    plain = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if plain else None


def may_be_kept(text: str) -> bool:
    """Whether a row can have this text. None has a null character; Postgres refuses to look."""
    return "\x00" not in text


class Parameters:
    """The query of one address. Of a name that is repeated, the last value counts."""

    def __init__(self, query: Mapping[str, str] | None = None) -> None:
        self._query = query if query is not None else {}

    def has(self, name: str) -> bool:
        return name in self._query

    def text(self, name: str, default: str = "") -> str:
        """Without space around it, and without null characters, which no database looks for."""
        said = self._query.get(name, default)
        return said.replace("\x00", "").strip()[:MOST_LETTERS]

    def number(self, name: str) -> int | None:
        return number_in(self.text(name))

    @property
    def page(self) -> int:
        """Which page of a list; the first where it does not say."""
        return self.number("page") or 1

    def numbers(self, name: str) -> list[int]:
        """`0,4` → [0, 4]; what is no number among them is left out."""
        found = (number_in(part.strip()) for part in self.text(name).split(","))
        return [number for number in found if number is not None]

    def names(self, name: str) -> list[str]:
        """`judge,hop` → ["judge", "hop"], however many there are."""
        return [part for part in self._query.get(name, "").split(",") if part]

    def each(self, name: str) -> list[str]:
        """`r=12&r=14` → ["12", "14"]: of what is ticked in a list, every value."""
        query = self._query
        said = query.getlist(name) if isinstance(query, QueryDict) else [query.get(name, "")]
        return [text.replace("\x00", "").strip()[:MOST_LETTERS] for text in said if text]

    def one_of(self, name: str, allowed: Collection[str], default: str = "") -> str:
        said = self.text(name)
        return said if said in allowed else default

    def kept(self, *names: str) -> str:
        """These parameters as the query of another address."""
        return urlencode({name: self.text(name) for name in names if self.has(name)})

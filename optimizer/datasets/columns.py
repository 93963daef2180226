"""Columns of a table: what they seem to hold, and what a person decides they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from optimizer.core.programs.signature import REASONING, Field, FieldType, Value

MAX_LABELS = 100
MAX_LABEL_LENGTH = 80


class Role(StrEnum):
    INPUT = "input"
    EXPECTED = "expected"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Column:
    """A column as found: statistics over all rows, and the guesses made from them.

    `labels` are the distinct values with their counts, most frequent first; empty when there are
    more than MAX_LABELS of them, or long ones.
    """

    name: str
    role: Role
    type: FieldType
    field: str
    distinct: int
    missing: int
    labels: tuple[tuple[str, int], ...]
    samples: tuple[str, ...]
    names_split: bool = False


@dataclass(frozen=True)
class Use:
    """What a person decided about one column. `field` and `type` count for used columns only."""

    column: str
    role: Role
    field: str
    type: FieldType = FieldType.TEXT
    choices: tuple[str, ...] = ()

    def as_field(self) -> Field:
        return Field(self.field, self.type, choices=self.choices)


def is_missing(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def uses_as_guessed(columns: Iterable[Column]) -> tuple[Use, ...]:
    return tuple(use_of(column, column.role, column.field, column.type) for column in columns)


def use_of(column: Column, role: Role, field: str, kind: FieldType) -> Use:
    """A decision about a column; a choice takes the column's own values as its choices."""
    labels = tuple(sorted(label for label, _ in column.labels))
    return Use(column.name, role, field, kind, labels if kind is FieldType.CHOICE else ())


def field_names(columns: Iterable[str], wanted: Collection[str] = ()) -> list[str]:
    """A valid field name for every column, each once.

    Args:
        wanted: names that somebody waits for: the column that is called so, or would be but for
            capitals, gets them as they are.
    """
    columns = list(columns)
    plain = [_field_name(column, number) for number, column in enumerate(columns, start=1)]
    found: list[str] = [""] * len(columns)
    for name in wanted:
        exact = [n for n, column in enumerate(columns) if column == name and not found[n]]
        alike = [n for n, stem in enumerate(plain) if stem == name.lower() and not found[n]]
        if name not in found and (exact or alike):
            found[(exact or alike)[0]] = name
    taken = set(filter(None, found))
    for n, stem in enumerate(plain):
        name, again = stem, 2
        while not found[n] and name in taken:
            name, again = f"{stem}_{again}", again + 1
        found[n] = found[n] or name
        taken.add(found[n])
    return found


def _field_name(column: str, number: int) -> str:
    plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").lower()[:48]
    if not stem or not stem[0].isalpha():
        stem = f"field_{stem or number}"
    return f"{stem}_text" if stem == REASONING else stem

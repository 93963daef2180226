"""Columns of a table: what they seem to hold, and what a person decides they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from optimizer.core.programs.signature import LONGEST_LABEL, REASONING, Field, FieldType, Value

MAX_LABELS = 100
MAX_LABEL_LENGTH = 80


_IS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)


_SPELLED = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)


class Role(StrEnum):
    INPUT = "input"
    EXPECTED = "expected"
    METADATA = "metadata"
    """Kept with the row and shown, told to no model and no metric."""
    FEEDBACK = "feedback"
    """Kept with the row, and told to who writes instructions from its failures."""
    IGNORED = "ignored"

    @property
    def is_kept(self) -> bool:
        """Whether it stays beside the row as it is in the file."""
        return self in (Role.METADATA, Role.FEEDBACK)


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
    nullable: bool = False
    items: FieldType = FieldType.TEXT
    fields: tuple[Field, ...] = ()
    """What its lists are of, and what its objects hold, where all its cells are such."""
    doubt: bool = False
    """Its role is guessed by nothing but its place: a person should look at it."""


@dataclass(frozen=True)
class Use:
    """What a person decided about one column. `field` and `type` count for used columns only."""

    column: str
    role: Role
    field: str
    type: FieldType = FieldType.TEXT
    choices: tuple[str, ...] = ()
    nullable: bool = False
    """An empty cell is null: no value, which may be what is expected."""
    items: FieldType = FieldType.TEXT
    fields: tuple[Field, ...] = ()
    label: str = ""
    doubt: bool = False
    """Nobody decided it: it was guessed, and in doubt."""

    def as_field(self) -> Field:
        return Field(
            self.field, self.type, "", self.choices, self.nullable, self.items, self.fields,
            self.label,
        )  # fmt: skip


def is_missing(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def use_of(column: Column, role: Role, field: str, kind: FieldType, nullable: bool) -> Use:
    """A decision about a column; a choice takes the column's own values as its choices, a list or
    an object the shape of its cells. What the column is called stays the field's label, unless
    somebody gave the field another name than the one that was made of it.
    """
    if role.is_kept:
        return Use(column.name, role, field)
    labels = tuple(sorted(label for label, _ in column.labels))
    choices = labels if kind is FieldType.CHOICE else ()
    called = " ".join(column.name.split())[:LONGEST_LABEL]
    label = called if field == column.field and called != field else ""
    use = Use(column.name, role, field, kind, choices, nullable, label=label)
    if kind not in (FieldType.LIST, FieldType.OBJECT):
        return use
    items = column.items if kind is FieldType.LIST else FieldType.TEXT
    several = kind is FieldType.LIST and items is not FieldType.OBJECT
    return replace(use, items=items, fields=() if several else column.fields)


def field_names(columns: Iterable[str], wanted: Collection[str] = ()) -> list[str]:
    """A valid field name for every column, each once.

    Args:
        wanted: names that somebody waits for. One that no column gets by itself goes to the column
            that is called so, or would get it but for capitals.
    """
    columns = list(columns)
    found = list(_each_once(map(_field_name, range(1, len(columns) + 1), columns)))
    for name in filter(_IS_NAME.fullmatch, wanted):
        free = [n for n, field in enumerate(found) if field not in wanted]
        called = [n for n in free if columns[n] == name]
        alike = [n for n in free if found[n] == name.lower()]
        if name not in found and (called or alike):
            found[(called or alike)[0]] = name
    return found


def _each_once(names: Iterable[str]) -> Iterator[str]:
    taken: set[str] = set()
    for stem in names:
        name, again = stem, 2
        while name in taken:
            name, again = f"{stem}_{again}", again + 1
        taken.add(name)
        yield name


def _field_name(number: int, column: str) -> str:
    letters = unicodedata.normalize("NFKD", column.casefold().translate(_SPELLED))
    plain = letters.encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").lower()[:48]
    if not stem or not stem[0].isalpha():
        stem = f"field_{stem or number}"
    return f"{stem}_text" if stem == REASONING else stem

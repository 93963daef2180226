"""Columns of a table: what they seem to hold, and what a person decides they are."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from optimizer.core.programs.signature import REASONING, Field, FieldType, Value, written
from optimizer.datasets.splitting import split_named
from optimizer.datasets.table import Table

MAX_LABELS = 100
MAX_LABEL_LENGTH = 80
SAMPLES = 3
SAMPLE_LENGTH = 160

EXPECTED_WORDS = {
    "answer", "answers", "category", "class", "completion", "expected", "gold", "golden", "intent",
    "label", "labels", "output", "outputs", "reference", "response", "sentiment", "solution",
    "target", "targets", "truth", "y",
}  # fmt: skip
ID_WORDS = {"guid", "hash", "id", "idx", "index", "key", "uid", "url", "uuid"}
SPLIT_NAMES = {"split", "fold", "subset", "partition", "set"}

_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,14})")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?)(?:[eE][+-]?[0-9]{1,3})?")  # fmt: skip  # noqa: E501
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


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


def describe(table: Table) -> tuple[Column, ...]:
    """Look at every column and guess its role, type and field name."""
    columns = [
        _describe(name, [row.cells[number] for row in table.rows])
        for number, name in enumerate(table.columns)
    ]
    columns = _with_an_expected_one(columns)
    fields = field_names([column.name for column in columns])
    return tuple(
        _typed_for_role(column, field) for column, field in zip(columns, fields, strict=True)
    )


def uses_as_guessed(columns: Iterable[Column]) -> tuple[Use, ...]:
    return tuple(use_of(column, column.role, column.field, column.type) for column in columns)


def use_of(column: Column, role: Role, field: str, kind: FieldType) -> Use:
    """A decision about a column; a choice takes the column's own values as its choices."""
    labels = tuple(sorted(label for label, _ in column.labels))
    return Use(column.name, role, field, kind, labels if kind is FieldType.CHOICE else ())


def field_names(columns: Iterable[str]) -> list[str]:
    """A valid field name for every column, each once."""
    found: dict[str, None] = {}
    for number, column in enumerate(columns, start=1):
        plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode()
        stem = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").lower()[:48]
        if not stem or not stem[0].isalpha():
            stem = f"field_{stem or number}"
        stem = f"{stem}_text" if stem == REASONING else stem
        name, again = stem, 2
        while name in found:
            name, again = f"{stem}_{again}", again + 1
        found[name] = None
    return list(found)


def _describe(name: str, values: list[Value]) -> Column:
    present = [value for value in values if not is_missing(value)]
    counts = Counter(written(value).strip() for value in present)
    short = len(counts) <= MAX_LABELS and all(len(label) <= MAX_LABEL_LENGTH for label in counts)
    kind = _type_of(present)
    names_split = _names_split(name, counts)
    ignored = names_split or len(present) == 0 or _says_nothing(name, counts, kind, len(values))
    role = Role.IGNORED if ignored else Role.EXPECTED if _sounds_expected(name) else Role.INPUT
    return Column(
        name,
        role,
        kind,
        "",
        distinct=len(counts),
        missing=len(values) - len(present),
        labels=tuple(counts.most_common()) if short and len(counts) >= 2 else (),
        samples=tuple(label[:SAMPLE_LENGTH] for label in list(counts)[:SAMPLES]),
        names_split=names_split,
    )


def _type_of(values: list[Value]) -> FieldType:
    """The narrowest type that all values have; text where in doubt."""
    if not values:
        return FieldType.TEXT
    tests = (
        (FieldType.BOOLEAN, _is_boolean),
        (FieldType.INTEGER, _is_integer),
        (FieldType.NUMBER, _is_number),
        (FieldType.LIST, _is_list),
    )
    return next(
        (kind for kind, fits in tests if all(fits(value) for value in values)), FieldType.TEXT
    )


def _is_boolean(value: Value) -> bool:
    return isinstance(value, bool) or str(value).strip().lower() in ("true", "false")


def _is_integer(value: Value) -> bool:
    if isinstance(value, str):
        return bool(_INTEGER.fullmatch(value.strip()))
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Value) -> bool:
    if isinstance(value, str):
        return bool(_NUMBER.fullmatch(value.strip()))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(value: Value) -> bool:
    return isinstance(value, list)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _sounds_expected(name: str) -> bool:
    return bool(EXPECTED_WORDS & set(_words(name)))


def _names_split(name: str, counts: Counter[str]) -> bool:
    return name.strip().lower() in SPLIT_NAMES and bool(counts) and all(map(split_named, counts))


def _says_nothing(name: str, counts: Counter[str], kind: FieldType, rows: int) -> bool:
    """Constant columns and row numbers teach nothing."""
    if rows > 1 and len(counts) == 1:
        return True
    words = _words(name)
    unique = len(counts) == sum(counts.values())
    return bool(words) and words[-1] in ID_WORDS and (unique or kind is not FieldType.TEXT)


def _with_an_expected_one(columns: list[Column]) -> list[Column]:
    """Where no name gives it away: the column with labels, or the last of two."""
    usable = [column for column in columns if column.role is Role.INPUT]
    if any(column.role is Role.EXPECTED for column in columns) or len(usable) < 2:
        return columns
    labelled = [column for column in usable if _repeats(column)]
    chosen = min(labelled, key=lambda c: c.distinct) if labelled else usable[-1]
    return [replace(c, role=Role.EXPECTED) if c is chosen else c for c in columns]


def _repeats(column: Column) -> bool:
    """Whether the values are labels: few, short, and each seen again."""
    total = sum(count for _, count in column.labels)
    return bool(column.labels) and total >= 2 * column.distinct


def _typed_for_role(column: Column, field: str) -> Column:
    """Expected labels are a choice; whole numbers only when there are few of them."""
    kind = column.type
    few = column.distinct <= 10
    if (
        column.role is Role.EXPECTED
        and _repeats(column)
        and (kind is FieldType.TEXT or (kind is FieldType.INTEGER and few))
    ):
        kind = FieldType.CHOICE
    return replace(column, type=kind, field=field)

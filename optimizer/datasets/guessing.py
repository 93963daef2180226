"""What the columns of a table seem to hold, and what they are for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from optimizer.core.programs.signature import FieldType, Value, written
from optimizer.datasets import words
from optimizer.datasets.blocks import are_texts, cells_of, none_missing
from optimizer.datasets.columns import (
    MAX_LABEL_LENGTH,
    MAX_LABELS,
    Column,
    Role,
    field_names,
    is_missing,
)
from optimizer.datasets.roles import Look, doubts_in, guess_roles
from optimizer.datasets.shapes import is_date, shape_in
from optimizer.datasets.splitting import split_named
from optimizer.datasets.table import Table

SAMPLES = 3
SAMPLE_LENGTH = 160
LABEL_WORDS = 4  # a label has that many words at most, in the mean
SEEN_ROWS = 200  # that are compared, one column with another
FEW_NUMBERS = 10  # different numbers that can be labels

_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,14})")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?)(?:[eE][+-]?[0-9]{1,3})?")  # fmt: skip  # noqa: E501


def describe(
    table: Table, inputs: Collection[str] = (), expected: Collection[str] = ()
) -> tuple[Column, ...]:
    """Look at every column and guess its role, type and field name.

    Args:
        inputs: names of fields that are known to be inputs, as a program takes them.
        expected: names of fields that are known to be expected values.
    """
    fields = field_names(table.columns, wanted=(*inputs, *expected))
    known = dict.fromkeys(expected, Role.EXPECTED) | dict.fromkeys(inputs, Role.INPUT)
    looks = [
        _look(name, cells_of(table.rows, number), known.get(field) or known.get(name))
        for number, (name, field) in enumerate(zip(table.columns, fields, strict=True))
    ]
    within = partial(_is_within, table)
    roles = guess_roles(looks, within)
    doubts = doubts_in(looks, roles, within)
    return tuple(
        replace(look.column, role=role, field=field, type=_type_for(look.column, role), doubt=doubt)
        for look, role, field, doubt in zip(looks, roles, fields, doubts, strict=True)
    )


def _is_within(table: Table, part: int, whole: int) -> bool:
    """Whether most values of a column stand in another one's, as where something is extracted."""
    cells = zip(cells_of(table.rows, part), cells_of(table.rows, whole), strict=True)
    filled = (pair for pair in cells if not is_missing(pair[0]))
    pairs = [
        (written(value).strip().rstrip(".!?").lower(), written(text).lower())
        for value, text in islice(filled, SEEN_ROWS)
    ]
    return sum(value in text for value, text in pairs) >= 0.8 * len(pairs) > 0


def _look(name: str, values: Sequence[Value], known: Role | None) -> Look:
    present = values
    if not none_missing(values):
        present = [value for value in values if not is_missing(value)]
    texts: Iterable[str] = map(written, present)
    if are_texts(present):
        texts = present  # type: ignore[assignment]
    counts = Counter(map(str.strip, texts))
    # Of texts each is looked at once, however often it stands there.
    kind, shape = _type_of(list(counts) if texts is present else present), shape_in(present)
    names_split = _names_split(name, counts)
    column = Column(
        name, _first_role(name, counts, kind, len(values), names_split), kind, "",
        distinct=len(counts), missing=len(values) - len(present),
        labels=tuple(counts.most_common()) if _are_short(counts) and len(counts) >= 2 else (),
        samples=tuple(label[:SAMPLE_LENGTH] for label in islice(counts, SAMPLES)),
        names_split=names_split,
        nullable=len(present) < len(values) and not words.sounds_expected(name),
        items=shape.items if shape else FieldType.TEXT,
        fields=shape.fields if shape else (),
    )  # fmt: skip
    labels = _are_labels(present, counts, kind)
    free = kind is FieldType.TEXT and not labels and _has_words(counts, 2)
    return Look(column, labels, free, 2 * len(present) < len(values), known)


def _are_short(counts: Counter[str]) -> bool:
    return len(counts) <= MAX_LABELS and all(len(label) <= MAX_LABEL_LENGTH for label in counts)


def _are_labels(values: Sequence[Value], counts: Counter[str], kind: FieldType) -> bool:
    if kind is FieldType.LIST:
        items = Counter(item for value in values if isinstance(value, list) for item in value)
        return _are_short(items) and items.total() >= 2 * len(items) > 0
    if kind in (FieldType.INTEGER, FieldType.NUMBER) and len(counts) > FEW_NUMBERS:
        return False
    again = len(counts) > 1 and counts.total() >= 2 * len(counts)
    return again and _are_short(counts) and _mean_words(counts) <= LABEL_WORDS


def _mean_words(counts: Counter[str]) -> float:
    total = sum(len(text.split()) * count for text, count in counts.items())
    return total / counts.total() if counts else 0.0


def _has_words(counts: Counter[str], least: int) -> bool:
    """Whether texts have so many words, in the mean; of many long ones only a part is counted."""
    needed = least * counts.total()
    for text, count in counts.items():
        needed -= len(text.split()) * count
        if needed <= 0:
            return bool(counts)
    return False


def _type_of(values: Sequence[Value]) -> FieldType:
    """The narrowest type that all values have; text where in doubt."""
    if not values:
        return FieldType.TEXT
    tests = (
        (FieldType.BOOLEAN, _is_boolean),
        (FieldType.INTEGER, _is_integer),
        (FieldType.NUMBER, _is_number),
        (FieldType.LIST, _is_list),
        (FieldType.DATE, is_date),
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


def _names_split(name: str, counts: Counter[str]) -> bool:
    return name.strip().lower() in words.SPLIT and bool(counts) and all(map(split_named, counts))


def _first_role(
    name: str, counts: Counter[str], kind: FieldType, rows: int, names_split: bool
) -> Role:
    """What is constant, or names a split, teaches nothing; row numbers and ids are kept."""
    if names_split or not counts or (rows > 1 and len(counts) == 1):
        return Role.IGNORED
    if name.strip().lower() in words.SPLIT and kind is FieldType.INTEGER:
        return Role.IGNORED
    if words.is_called_metadata(name):
        return Role.METADATA
    unique = len(counts) == counts.total()
    is_id = words.sounds_like_id(name) and (unique or kind is not FieldType.TEXT)
    return Role.METADATA if is_id else Role.INPUT


def _type_for(column: Column, role: Role) -> FieldType:
    """Expected labels are a choice; whole numbers only when there are few of them."""
    again = bool(column.labels) and sum(n for _, n in column.labels) >= 2 * column.distinct
    few = column.type is FieldType.INTEGER and column.distinct <= FEW_NUMBERS
    if role is Role.EXPECTED and again and (column.type is FieldType.TEXT or few):
        return FieldType.CHOICE
    return column.type

"""Rows as JSON objects, a text each, from their columns; keys are in the order of their names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring

from optimizer.core.programs.signature import Value
from optimizer.datasets.blocks import are_texts, none_missing
from optimizer.datasets.columns import is_missing

_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def object_text(values: Mapping[str, Value]) -> str:
    """One row."""
    parts = [f"{encode_basestring(name)}: {_text(values[name])}" for name in sorted(values)]
    return f"{{{', '.join(parts)}}}"


def object_texts(columns: Mapping[str, Sequence[Value]], rows: int) -> list[str]:
    """`object_text` of each of so many rows."""
    names = sorted(columns)
    keys = [encode_basestring(name).replace("%", "%%") + ": %s" for name in names]
    written = (_texts(columns[name]) for name in names)
    form = f"{{{', '.join(keys)}}}"
    return [form % values for values in zip(*written, strict=True)] if names else ["{}"] * rows


def filled_texts(columns: Mapping[str, Sequence[Value]], rows: int) -> list[str]:
    """The same without what is missing in a row."""
    if all(none_missing(cells) or not any(map(is_missing, cells)) for cells in columns.values()):
        return object_texts(columns, rows)
    each = (
        {name: cells[n] for name, cells in columns.items() if not is_missing(cells[n])}
        for n in range(rows)
    )
    return list(map(object_text, each))


def _text(value: Value) -> str:
    return encode_basestring(value) if type(value) is str else _ENCODE(value)


def _texts(cells: Sequence[Value]) -> Iterable[str]:
    return map(encode_basestring if are_texts(cells) else _text, cells)  # type: ignore[arg-type]

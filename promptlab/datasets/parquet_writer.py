"""Rows as a Parquet file. Run as: python -m promptlab.datasets.parquet_writer IN OUT < COLUMNS."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

BATCH = 5000  # rows
LARGEST = 2**63 - 1  # of Parquet's whole numbers


@dataclass(frozen=True)
class ParquetColumn:
    """`kind`: text, integer, number, boolean, or list (of texts). What is no text is written out as
    JSON in a column of texts.
    """

    name: str
    kind: str = "text"


def _write(lines: TextIO, out: Path, columns: list[ParquetColumn]) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    types = {
        "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
        "list": pa.list_(pa.string()),
    }  # fmt: skip
    fields = [pa.field(column.name, types.get(column.kind, pa.string())) for column in columns]
    schema = pa.schema(fields)
    with ParquetWriter(str(out), schema, compression="zstd") as writer:
        for rows in _batches(lines):
            arrays = [
                pa.array([_value(row[n], column.kind) for row in rows], fields[n].type)
                for n, column in enumerate(columns)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _storable(lines: TextIO, columns: list[ParquetColumn]) -> list[ParquetColumn]:
    """Whole numbers that Parquet has no room for are written out; the lines are rewound."""
    whole = {n for n, column in enumerate(columns) if column.kind == "integer"}
    large: set[int] = set()
    for rows in _batches(lines) if whole else ():
        large |= {n for row in rows for n in whole if row[n] and abs(row[n]) > LARGEST}
    lines.seek(0)
    return [ParquetColumn(c.name) if n in large else c for n, c in enumerate(columns)]


def _batches(lines: TextIO) -> Iterator[list[list[Any]]]:
    while rows := [json.loads(line) for line in islice(lines, BATCH)]:
        yield rows


def _value(value: Any, kind: str) -> Any:
    if value is None or kind in ("integer", "boolean", "list"):
        return value
    if kind == "number":
        return float(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    told = [ParquetColumn(**column) for column in json.load(sys.stdin)]
    with Path(sys.argv[1]).open(encoding="utf-8") as given:
        _write(given, Path(sys.argv[2]), _storable(given, told))

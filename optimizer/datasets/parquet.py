"""Parquet files: a few rows at a time, so that what a small file unpacks to is never held at once.

The library is native code for files of strangers; it is imported in the process that reads one, and
nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from optimizer.core.problems import Problem, Refused, warning
from optimizer.datasets.cells import cell_of, is_binary
from optimizer.datasets.table import (
    FILE,
    Row,
    Table,
    check_room,
    check_width,
    of_row,
    trouble_in_row,
    unique_names,
)

if TYPE_CHECKING:
    from pyarrow import Array, DataType
    from pyarrow.parquet import ParquetFile

BATCH = 128  # rows
MAX_UNPACKED = 400 << 20
"""Bytes that a file says it unpacks to; one that lies meets the limits of its process."""


def read_parquet(file: BinaryIO) -> Table:
    """Read all rows; their places are their numbers.

    Raises:
        Refused: no table can be made of it.
    """
    # Another allocator reserves more address space than the process that reads may have.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(file, memory_map=False, pre_buffer=False) as parquet:
            _check(parquet)
            return _table(parquet)
    except MemoryError:  # one of its exceptions is both
        raise
    except (ArrowException, OSError, ValueError, UnicodeDecodeError) as error:
        raise Refused.because("table.broken", FILE) from error


def _check(parquet: ParquetFile) -> None:
    told = parquet.metadata
    check_width(len(parquet.schema_arrow.names))
    check_room(told.num_rows, len(parquet.schema_arrow.names))
    size = sum(told.row_group(n).total_byte_size for n in range(told.num_row_groups))
    if size > MAX_UNPACKED:
        raise Refused.because("table.unpacks_large", FILE, most=MAX_UNPACKED // 2**20)


def _table(parquet: ParquetFile) -> Table:
    names, notes = unique_names(list(parquet.schema_arrow.names))
    if not names:
        raise Refused.because("table.empty", FILE)
    rows: list[Row] = []
    problems: list[Problem] = []
    binary: dict[str, None] = {}
    may_be_binary = [n for n, kind in enumerate(parquet.schema_arrow.types) if _holds_bytes(kind)]
    for place, values in enumerate(_values(parquet), start=1):
        binary |= {names[n]: None for n in may_be_binary if is_binary(values[n])}
        cells = tuple(map(cell_of, values))
        trouble = trouble_in_row(cells)
        if trouble:
            problems.append(trouble.at(of_row(place)))
        else:
            rows.append(Row(place, cells))
        check_room(len(rows) + len(problems), len(names))
    if binary:
        notes.append(warning("note.bytes", FILE, columns=tuple(binary)))
    return Table(names, tuple(rows), "", "parquet", "", tuple(problems), tuple(notes))


def _holds_bytes(kind: DataType) -> bool:
    """Whether values of an Arrow type may be bytes, or have some in them."""
    from pyarrow import types

    return bool(types.is_nested(kind)) or "binary" in str(kind) or types.is_dictionary(kind)


def _values(parquet: ParquetFile) -> Iterator[tuple[object, ...]]:
    """Rows as Python values; not by name, as two columns may have the same."""
    for batch in parquet.iter_batches(BATCH, use_threads=False):
        yield from zip(*map(_of_column, batch.columns), strict=True)


def _of_column(column: Array) -> list[object]:
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):  # a time that Python's types do not hold is written out
        from pyarrow import string

        return list(column.cast(string()).to_pylist())

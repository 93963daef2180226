"""Parquet files: a few rows at a time, so that what a small file unpacks to is never held at once.

The library is native code for files of strangers; it is imported in the process that reads one, and
nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from optimizer.core.problems import Problem, Refused, warning
from optimizer.core.programs.signature import Value
from optimizer.datasets.blocks import Block, Gathered, is_sound
from optimizer.datasets.cells import cell_of, is_binary
from optimizer.datasets.table import (
    FILE,
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
    rows, problems = Gathered(len(names)), list[Problem]()
    binary: dict[str, None] = {}
    may_be_binary = [n for n, kind in enumerate(parquet.schema_arrow.types) if _holds_bytes(kind)]
    for block in _blocks(parquet):
        binary |= {names[n]: None for n in may_be_binary if any(map(is_binary, block.columns[n]))}
        cells = tuple(map(_cells_of, block.columns))
        if all(map(is_sound, cells)):
            rows.extend(block.places, cells)
        else:
            problems += _each(Block(block.places, cells), rows)
        check_room(len(rows) + len(problems), len(names))
    if binary:
        notes.append(warning("note.bytes", FILE, columns=tuple(binary)))
    return Table(names, rows.block(), "", "parquet", "", tuple(problems), tuple(notes))


def _each(block: Block, rows: Gathered) -> Iterator[Problem]:
    """Take the rows that can be stored, and tell of the others."""
    for row in block:
        trouble = trouble_in_row(row.cells)
        if trouble:
            yield trouble.at(of_row(row.place))
        else:
            rows.take(row.place, row.cells)


def _cells_of(values: Sequence[Any]) -> Sequence[Value]:
    as_they_are = set(map(type, values)) <= {str, int, bool, type(None)}
    return values if as_they_are else list(map(cell_of, values))


def _holds_bytes(kind: DataType) -> bool:
    """Whether values of an Arrow type may be bytes, or have some in them."""
    from pyarrow import types

    return bool(types.is_nested(kind)) or "binary" in str(kind) or types.is_dictionary(kind)


def _blocks(parquet: ParquetFile) -> Iterator[Block]:
    """Rows as Python values; not by name, as two columns may have the same."""
    above = 0
    for batch in parquet.iter_batches(BATCH, use_threads=False):
        yield Block(
            range(above + 1, above + 1 + batch.num_rows), tuple(map(_of_column, batch.columns))
        )
        above += batch.num_rows


def _of_column(column: Array) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):  # a time that Python's types do not hold is written out
        from pyarrow import string

        return list(column.cast(string()).to_pylist())

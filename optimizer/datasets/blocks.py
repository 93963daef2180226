"""Rows held by column: a list a column in place of objects a row, which is what most looks need."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TextIO, TypeVar, overload

from optimizer.core.programs.signature import Value
from optimizer.datasets.table import Row, are_storable, trouble_in

BLOCK = 2048  # rows that are looked at together
MOST_WRITTEN = 4 << 20  # characters of a block on disk, unless it is one row
_T = TypeVar("_T")
_SOUND = {int, bool, type(None)}
"""Types whose values can all be stored."""


class Blocks(Iterable[Row]):
    """Rows that come by the block."""

    @abstractmethod
    def blocks(self) -> Iterator[Block]: ...


@dataclass(frozen=True)
class Block(Blocks, Sequence[Row]):
    """Rows as one list of cells for each column, all as long as `places`."""

    places: Sequence[int]
    columns: tuple[Sequence[Value], ...]

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Block: ...
    def __getitem__(self, at: int | slice) -> Row | Block:
        if isinstance(at, slice):
            return Block(self.places[at], tuple(cells[at] for cells in self.columns))
        return Row(self.places[at], tuple(cells[at] for cells in self.columns))

    def __iter__(self) -> Iterator[Row]:
        return map(Row, self.places, zip(*self.columns, strict=True))

    def blocks(self) -> Iterator[Block]:
        for at in range(0, len(self), BLOCK):
            yield self[at : at + BLOCK]

    def chosen(self, numbers: Sequence[int]) -> Block:
        """Those of its rows."""
        return Block(picked(self.places, numbers), tuple(picked(c, numbers) for c in self.columns))


def picked(values: Sequence[_T], numbers: Sequence[int]) -> list[_T]:
    return [values[n] for n in numbers]


class Gathered:
    """Rows as they are read, one by one or many at once; columns may be found on the way."""

    def __init__(self, width: int = 0) -> None:
        self._places: list[int] = []
        self._columns: list[list[Value]] = [[] for _ in range(width)]

    def __len__(self) -> int:
        return len(self._places)

    def take(self, place: int, cells: Sequence[Value]) -> None:
        """A row, with a cell for each column so far, and perhaps for further ones."""
        self.widen(len(cells))
        self._places.append(place)
        for column, cell in zip(self._columns, cells, strict=True):
            column.append(cell)

    def extend(self, places: Iterable[int], columns: Sequence[Sequence[Value]]) -> None:
        """Rows by their columns."""
        self.widen(len(columns))
        self._places.extend(places)
        for column, cells in zip(self._columns, columns, strict=True):
            column.extend(cells)

    def widen(self, width: int) -> None:
        """Rows so far have nothing in further columns."""
        while len(self._columns) < width:
            self._columns.append([None] * len(self._places))

    def block(self) -> Block:
        return Block(self._places, tuple(self._columns))


def block_of(rows: Sequence[Row]) -> Block:
    columns = zip(*(row.cells for row in rows), strict=True)
    return Block([row.place for row in rows], tuple(columns))


def blocks_of(rows: Iterable[Row]) -> Iterator[Block]:
    """Rows by the block, however they come."""
    if isinstance(rows, Blocks):
        yield from rows.blocks()
        return
    left = iter(rows)
    while some := list(islice(left, BLOCK)):
        yield block_of(some)


def cells_of(rows: Sequence[Row], number: int) -> Sequence[Value]:
    """One column of rows."""
    if isinstance(rows, Block):
        return rows.columns[number]
    return [row.cells[number] for row in rows]


def is_sound(cells: Sequence[Value]) -> bool:
    """Whether all cells of a column can be stored."""
    kinds = set(map(type, cells))
    if str in kinds:
        texts = cells if len(kinds) == 1 else [cell for cell in cells if isinstance(cell, str)]
        if not are_storable(texts):  # type: ignore[arg-type]
            return False
        kinds -= {str}
    return kinds <= _SOUND or not any(
        trouble_in(cell) for cell in cells if not isinstance(cell, str)
    )


def are_texts(cells: Sequence[Value]) -> bool:
    return set(map(type, cells)) <= {str}


def none_missing(cells: Sequence[Value]) -> bool:
    """Whether they are texts with something in each."""
    return are_texts(cells) and all(map(str.strip, cells))  # type: ignore[arg-type]


class StoredRows(Blocks):
    """Rows that a process left on disk: a block a line, as a JSON list of places and columns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(self.blocks())

    def blocks(self) -> Iterator[Block]:
        with self._path.open(encoding="utf-8") as lines:
            for line in lines:
                places, *columns = json.loads(line)
                yield Block(places, tuple(columns))


_ENCODE: Callable[[object], str] = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False
).encode


def write_blocks(rows: Iterable[Row], out: TextIO) -> None:
    """Write rows as `StoredRows` reads them, never much at a time."""
    for part in blocks_of(rows):
        _write(part, out)


def _write(block: Block, out: TextIO) -> None:
    text = _ENCODE([list(block.places), *map(list, block.columns)])
    if len(text) > MOST_WRITTEN and len(block) > 1:
        half = len(block) // 2
        _write(block[:half], out)
        _write(block[half:], out)
    else:
        out.write(f"{text}\n")

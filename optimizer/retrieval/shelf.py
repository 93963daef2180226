"""Indexes of corpora: made once, kept in the data folder, held open while they are used."""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy

from optimizer.core.programs.passages import passage_text
from optimizer.retrieval.lookup import PassageIndex

HELD = 4
"""Indexes that a process holds open, those that were used last."""
_LINES, _PLACES = "passages.jsonl", "places.npy"


class Shelf:
    """The indexes in `folder`, which may be emptied at any time: they are made anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[str, Volume] = OrderedDict()
        self._lock = threading.Lock()

    def volume(self, digest: str, passages: Iterable[dict[str, Any]]) -> Volume:
        """The index of a corpus; of `passages` nothing is read where it is there already."""
        with self._lock:
            held = self._open.pop(digest, None)
            if held is None or held.is_gone:
                folder = self._folder / digest
                if folder.is_dir() and not (folder / _PLACES).is_file():
                    shutil.rmtree(folder, ignore_errors=True)  # a part of one is none
                if not folder.is_dir():
                    _write(folder, passages)
                held = Volume(folder)
            self._open[digest] = held
            while len(self._open) > HELD:
                self._open.popitem(last=False)
            return held


class Volume:
    """One index with its passages, of which only those that are found are read."""

    def __init__(self, folder: Path) -> None:
        self._index = PassageIndex.load(folder)
        self._lines = folder / _LINES
        self._places = numpy.load(folder / _PLACES)

    @property
    def is_gone(self) -> bool:
        """Whether its folder was removed after it was opened."""
        return not self._lines.exists()

    def best(self, query: str, k: int) -> tuple[dict[str, Any], ...]:
        with self._lines.open("rb") as lines:
            return tuple(self._passage(lines, place) for place in self._index.best(query, k))

    def _passage(self, lines: Any, place: int) -> dict[str, Any]:
        lines.seek(int(self._places[place]))
        found: dict[str, Any] = json.loads(lines.readline())
        return found


def _write(folder: Path, passages: Iterable[dict[str, Any]]) -> None:
    """Make an index beside its place, and move it there when it is whole."""
    made = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}")
    made.mkdir(parents=True)
    places: list[int] = []
    try:
        PassageIndex.of(_texts(made / _LINES, passages, places)).save(made)
        numpy.save(made / _PLACES, numpy.array(places, dtype=numpy.int64))
        try:
            made.rename(folder)
        except OSError:  # another process was faster
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _texts(path: Path, passages: Iterable[dict[str, Any]], places: list[int]) -> Iterator[str]:
    """The passages' texts, each written as a line on its way, whose place is noted."""
    with path.open("wb") as lines:
        for passage in passages:
            places.append(lines.tell())
            lines.write(json.dumps(passage, ensure_ascii=False).encode() + b"\n")
            yield passage_text(passage)

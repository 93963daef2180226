"""Files are read in a process of their own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from promptlab.datasets import apart
from promptlab.datasets.apart import read_apart, stored_rows
from promptlab.datasets.table import Options, Unreadable


def write(folder: Path, content: str) -> Path:
    path = folder / "upload.raw"
    path.write_text(content)
    return path


def test_rows_and_guesses_come_back(tmp_path: Path) -> None:
    file = write(tmp_path, "text,label\n" + "".join(f"t{n},{'ab'[n % 2]}\n" for n in range(30)))
    found = read_apart(file, "t.csv", Options(), tmp_path / "rows")
    assert (found.count, found.names, found.unit) == (30, ("text", "label"), "line")
    assert found.columns[1].labels == (("a", 15), ("b", 15))
    assert len(found.preview) == 20
    rows = list(stored_rows(tmp_path / "rows"))
    assert (len(rows), rows[0].place, rows[0].cells) == (30, 2, ("t0", "a"))


def test_types_survive_the_way_back(tmp_path: Path) -> None:
    file = write(tmp_path, '{"n": 1, "f": 1.5, "b": true, "l": ["x"], "z": null}\n' * 2)
    found = read_apart(file, "t.jsonl", Options(), tmp_path / "rows")
    assert found.preview[0].cells == (1, 1.5, True, ["x"], None)
    assert next(stored_rows(tmp_path / "rows")).cells == (1, 1.5, True, ["x"], None)


def test_what_is_wrong_comes_back_in_words(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="The file is empty"):
        read_apart(write(tmp_path, ""), "t.csv", Options(), tmp_path / "rows")


def test_a_file_that_takes_too_much_memory_harms_only_the_child(tmp_path: Path) -> None:
    file = write(tmp_path, "[" + "[]," * 1_500_000 + "[]]")
    with pytest.raises(Unreadable, match="too much memory"):
        read_apart(file, "t.json", Options(), tmp_path / "rows", memory=100 << 20)


def test_five_megabytes_are_read_within_a_few_seconds(tmp_path: Path) -> None:
    file = write(tmp_path, "text,label\n" + f"{'word ' * 40},ham\n{'other ' * 30},spam\n" * 13_000)
    assert file.stat().st_size > 4_500_000
    started = time.monotonic()
    found = read_apart(file, "t.csv", Options(), tmp_path / "rows")
    assert found.count == 26_000
    assert time.monotonic() - started < apart.SECONDS / 6

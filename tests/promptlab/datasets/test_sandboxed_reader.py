"""Files are read in a process of their own."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from optimizer.datasets.blocks import StoredRows
from optimizer.datasets.table import Options
from promptlab.datasets import sandboxed_reader
from promptlab.datasets.sandboxed_reader import Limits, read_apart
from tests.fakes.telling import refused


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
    rows = list(StoredRows(tmp_path / "rows"))
    assert (len(rows), rows[0].place, rows[0].cells) == (30, 2, ("t0", "a"))


def test_types_survive_the_way_back(tmp_path: Path) -> None:
    file = write(tmp_path, '{"n": 1, "f": 1.5, "b": true, "l": ["x"], "z": null}\n' * 2)
    found = read_apart(file, "t.jsonl", Options(), tmp_path / "rows")
    assert found.preview[0].cells == (1, 1.5, True, ["x"], None)
    assert next(iter(StoredRows(tmp_path / "rows"))).cells == (1, 1.5, True, ["x"], None)


def test_what_is_wrong_comes_back_in_words(tmp_path: Path) -> None:
    with refused("The file is empty"):
        read_apart(write(tmp_path, ""), "t.csv", Options(), tmp_path / "rows")


def test_a_file_that_takes_too_much_memory_harms_only_the_child(tmp_path: Path) -> None:
    file = write(tmp_path, "[" + "[]," * 1_500_000 + "[]]")
    with refused("too much memory"):
        read_apart(file, "t.json", Options(), tmp_path / "rows", Limits(memory=100 << 20))


def test_five_megabytes_are_read_within_a_few_seconds(tmp_path: Path) -> None:
    file = write(tmp_path, "text,label\n" + f"{'word ' * 40},ham\n{'other ' * 30},spam\n" * 13_000)
    assert file.stat().st_size > 4_500_000
    started = time.monotonic()
    found = read_apart(file, "t.csv", Options(), tmp_path / "rows")
    assert found.count == 26_000
    assert time.monotonic() - started < sandboxed_reader.SECONDS / 6


def test_a_file_that_takes_too_long_harms_only_the_child(tmp_path: Path) -> None:
    each_needs_a_look = f'{"1," * 49}"two\nlines"\n'
    file = write(tmp_path, "a,b\n" + each_needs_a_look * 90_000)
    with refused("too much memory or time"):
        read_apart(file, "t.csv", Options(), tmp_path / "rows", Limits(processor_seconds=1))


def test_rows_that_would_fill_the_disk_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path, "a,b\n" + "\x01\x02\x03\x04,1\n" * 50_000)  # six times as long in JSON
    with refused("take more than 1 MB"):
        read_apart(file, "t.csv", Options(), tmp_path / "rows", Limits(rows=1 << 20))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is Linux's")
def test_a_full_disk_is_no_fault_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "a,b\n1,2\n")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        read_apart(file, "t.csv", Options(), Path("/dev/full"))


def test_a_preview_is_short_whatever_the_cells_hold(tmp_path: Path) -> None:
    texts = '["' + '", "'.join(["x" * 1000] * 100) + '"]'
    file = write(tmp_path, f'{{"a": {texts}, "b": "{"y" * 1000}"}}\n' * 2)
    found = read_apart(file, "t.jsonl", Options(), tmp_path / "rows")
    listed, text = found.preview[0].cells
    assert isinstance(listed, list)
    assert (len(listed), {len(item) for item in listed}, len(str(text))) == (20, {300}, 300)


READS = """
import sys
from pathlib import Path
from promptlab.datasets.sandboxed_reader import read_apart
from optimizer.datasets.table import Options
from tests.fakes.telling import refused, told
read_apart(Path(sys.argv[1]), "t.csv", Options(), Path(sys.argv[2]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_reader_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    file, rows = write(tmp_path, "a,b\n" + "1,2\n" * 90_000), tmp_path / "rows"
    os.mkfifo(rows)
    web = subprocess.Popen([sys.executable, "-c", READS, str(file), str(rows)])
    with rows.open("rb") as pipe:
        begun = pipe.read(100)  # the reader writes, and waits for us to read on
        web.kill()
        web.wait()
        written = len(begun) + len(pipe.read())
    assert written < 90_000 * len('2,"1","2",')

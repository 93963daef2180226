"""Files are read in a process of their own, so that a hostile one can only harm that.

The child bounds its own memory, processor time and disk before it opens the file, ends with the
process that started it, writes the rows as JSON lines, and prints what it found. Run as:
python -m promptlab.datasets.sandboxed_reader IN NAME OPTIONS OUT LIMITS PARENT.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from optimizer.core.problems import Problem, Refused, problem
from optimizer.core.programs.signature import Value
from optimizer.datasets.blocks import write_blocks
from optimizer.datasets.columns import Column
from optimizer.datasets.guessing import describe
from optimizer.datasets.reading import read_table
from optimizer.datasets.table import (
    FILE,
    MAX_BYTES,
    MAX_PROBLEMS,
    Options,
    Row,
    Table,
)

SECONDS = 60  # by the clock
POLITENESS = 5  # of nice(): pages come first
PREVIEW_ROWS = 20
PREVIEW_CHARACTERS = 300
PREVIEW_ITEMS = 20  # of a list in a cell
CHECKOUT = Path(__file__).resolve().parents[2]

_DISK_FULL, _REFUSED = "disk full", "refused"


@dataclass(frozen=True)
class Limits:
    """What one reader may take of the machine. `rows`: bytes of the rows it leaves, which as JSON
    can be longer than the file; `memory`: bytes of address space, in which MAX_CELLS are read.
    """

    memory: int = 512 << 20
    processor_seconds: int = 30  # the largest tables take 5 on a machine of 2026
    rows: int = 4 * MAX_BYTES


@dataclass(frozen=True)
class Found:
    """What a file holds, without its rows."""

    columns: tuple[Column, ...]
    count: int
    encoding: str
    delimiter: str
    unit: str
    notes: tuple[Problem, ...]
    problems: tuple[Problem, ...]
    problem_count: int
    preview: tuple[Row, ...]
    sheet: str = ""
    sheets: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def read_apart(
    file: Path,
    name: str,
    options: Options,
    rows: Path,
    limits: Limits = Limits(),
    keeps: Sequence[int] = (),
) -> Found:
    """Read `file` in a child process, which leaves the rows in the file `rows`.

    Args:
        keeps: file descriptors that the child holds open as long as it lives.

    Raises:
        Refused: no table can be made of it, or only with too much memory or time.
        OSError: the disk is full.
    """
    from optimizer.codec import from_json  # pydantic, which the child does not need

    told = (json.dumps(asdict(options)), str(rows), json.dumps(asdict(limits)), str(os.getpid()))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "promptlab.datasets.sandboxed_reader", str(file), name, *told],
            cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
            check=False, pass_fds=keeps,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Refused.because("table.slow", FILE, seconds=SECONDS) from None
    if done.returncode != 0:
        raise Refused.because("table.much", FILE)
    answer = json.loads(done.stdout)
    if _DISK_FULL in answer:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(rows))
    if _REFUSED in answer:
        raise Refused(*from_json(tuple[Problem, ...], answer[_REFUSED]))
    return from_json(Found, answer)


def summary(table: Table) -> Found:
    return Found(
        describe(table),
        len(table.rows),
        table.encoding,
        table.delimiter,
        table.unit,
        table.notes,
        table.problems[:MAX_PROBLEMS],
        len(table.problems),
        tuple(_shortened(row) for row in table.rows[:PREVIEW_ROWS]),
        table.sheet,
        table.sheets,
    )


def _shortened(row: Row) -> Row:
    return Row(row.place, tuple(_short(cell) for cell in row.cells))


def _short(cell: Value) -> Value:
    if isinstance(cell, str):
        return cell[:PREVIEW_CHARACTERS]
    if isinstance(cell, list):
        return [item[:PREVIEW_CHARACTERS] for item in cell[:PREVIEW_ITEMS]]
    return cell


def bound(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    seconds = limits.processor_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.rows, limits.rows))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(POLITENESS)


def end_with(parent: int) -> None:
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we could ask to end with it
        os._exit(1)


def _child(file: str, name: str, options: str, rows: str, told: str, parent: str) -> None:
    limits = Limits(**json.loads(told))
    bound(limits)
    end_with(int(parent))
    gc.disable()  # it ends before there is any garbage that counts
    answer: dict[str, object]
    try:
        with Path(file).open("rb") as binary:
            table = read_table(binary, name, Options(**json.loads(options)))
        _write(table, Path(rows), limits)
        answer = asdict(summary(table))
    except Refused as refusal:
        answer = {_REFUSED: [asdict(wrong) for wrong in refusal.problems]}
    except MemoryError:
        answer = {_REFUSED: [asdict(problem("table.memory", FILE))]}
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        answer = {_DISK_FULL: True}
    json.dump(answer, sys.stdout)


def _write(table: Table, path: Path, limits: Limits) -> None:
    """Raises Refused when the rows take more space than they may."""
    try:
        with path.open("w", encoding="utf-8") as out:
            write_blocks(table.rows, out)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise Refused.because("table.long_rows", FILE, most=limits.rows // 2**20) from error


if __name__ == "__main__":
    _child(*sys.argv[1:])

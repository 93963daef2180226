"""Files are read in a process of their own, so that a hostile one can only harm that.

The child bounds its own memory and processor time before it opens the file, writes the rows as
JSON lines, and prints what it found. Run as: python -m promptlab.datasets.apart
IN NAME OPTIONS OUT MEMORY.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from promptlab.datasets.columns import Column, describe
from promptlab.datasets.reading import read_table
from promptlab.datasets.table import MAX_PROBLEMS, Options, Problem, Row, Table, Unreadable

MEMORY = 1 << 30  # bytes
SECONDS = 60
PREVIEW_ROWS = 20
PREVIEW_CHARACTERS = 300
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Found:
    """What a file holds, without its rows."""

    columns: tuple[Column, ...]
    count: int
    encoding: str
    delimiter: str
    unit: str
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    problem_count: int
    preview: tuple[Row, ...]

    @property
    def delimiter_name(self) -> str:
        names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
        return names.get(self.delimiter, "")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def read_apart(file: Path, name: str, options: Options, rows: Path, memory: int = MEMORY) -> Found:
    """Read `file` in a child process, which leaves the rows in the file `rows`.

    `memory` bounds the child's address space, in bytes.

    Raises:
        Unreadable: no table can be made of it, or only with too much memory or time.
    """
    from optimizer.codec import from_json  # pydantic, which the child does not need

    arguments = [str(file), name, json.dumps(asdict(options)), str(rows), str(memory)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "promptlab.datasets.apart", *arguments],
            cwd=CHECKOUT, capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unreadable(
            f"Reading the file took more than {SECONDS} seconds. Take a part."
        ) from None
    if done.returncode != 0:
        raise Unreadable("Reading the file takes too much memory or time. Take a part of it.")
    answer = json.loads(done.stdout)
    if "unreadable" in answer:
        raise Unreadable(answer["unreadable"])
    return from_json(Found, answer)


def stored_rows(path: Path) -> Iterator[Row]:
    """The rows as the child left them, one after the other."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            place, cells = json.loads(line)
            yield Row(place, tuple(cells))


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
    )


def _shortened(row: Row) -> Row:
    cells = tuple(
        cell[:PREVIEW_CHARACTERS] if isinstance(cell, str | list) else cell for cell in row.cells
    )
    return Row(row.place, cells)


def _bound(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _child(file: str, name: str, options: str, rows: str, memory: str) -> None:
    _bound(int(memory))
    try:
        with Path(file).open("rb") as binary:
            table = read_table(binary, name, Options(**json.loads(options)))
        with Path(rows).open("w", encoding="utf-8") as out:
            for row in table.rows:
                out.write(json.dumps([row.place, row.cells], ensure_ascii=False) + "\n")
        answer = asdict(summary(table))
    except Unreadable as refusal:
        answer = {"unreadable": str(refusal)}
    except MemoryError:
        answer = {"unreadable": "Reading the file takes too much memory. Take a part of it."}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _child(*sys.argv[1:])

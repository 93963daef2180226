"""Files of an archive that are the splits of one dataset, as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from optimizer.core.problems import Problem, warning
from optimizer.datasets.splitting import SPLIT_NAMES
from optimizer.datasets.table import FILE, Row, Table, check_room, of_row, place_of

COLUMN = "split"


def are_splits(names: Sequence[str]) -> bool:
    """Whether several files are called like splits, each like another one."""
    stems = [split_of(name) for name in names]
    return len(names) > 1 and all(stems) and len(set(stems)) == len(stems)


def split_of(name: str) -> str:
    """`data/train.jsonl.gz` and `mail-train.csv` → train; "" when it names none."""
    words = PurePosixPath(name).name.split(".")[0].lower().replace("-", "_").split("_")
    return next((word for word in reversed(words) if word in SPLIT_NAMES), "")


def joined(tables: dict[str, Table]) -> Table | None:
    """Their rows with the names of their files' splits; None when their columns differ.

    Places are counted through all files, as if they were one.

    Raises:
        Refused: together they are more than is taken.
    """
    first = next(iter(tables.values()))
    if COLUMN in first.columns or any(
        (table.columns, table.unit) != (first.columns, first.unit) for table in tables.values()
    ):
        return None
    columns = (*first.columns, COLUMN)
    rows: list[Row] = []
    problems: list[Problem] = []
    above = 0
    for name, table in tables.items():
        split = split_of(name)
        rows += [Row(above + row.place, (*row.cells, split)) for row in table.rows]
        problems += [wrong.at(of_row(above + (place_of(wrong) or 0))) for wrong in table.problems]
        check_room(len(rows) + len(problems), len(columns))
        places = [row.place for row in table.rows]
        above += max([*places, *(place_of(wrong) or 0 for wrong in table.problems)], default=0)
    notes: list[Problem] = []
    for note in (note for table in tables.values() for note in table.notes):
        if note not in notes and note.code != "note.sheets":
            notes.append(note)
    told = warning("note.joined_files", FILE, files=tuple(tables), column=COLUMN)
    return replace(
        first, columns=columns, rows=tuple(rows), problems=tuple(problems), notes=(told, *notes)
    )

"""Files of an archive that are the splits of one dataset, or its parts, as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from optimizer.core.problems import Problem, Refused, warning
from optimizer.datasets.splitting import SPLIT_NAMES
from optimizer.datasets.table import FILE, Row, Table, check_room, of_row, place_of

COLUMN, FILES = "split", "file"


def are_splits(names: Sequence[str]) -> bool:
    """Whether several files are called like splits, each like another one."""
    stems = [split_of(name) for name in names]
    return len(names) > 1 and all(stems) and len(set(stems)) == len(stems)


def split_of(name: str) -> str:
    """`data/train.jsonl.gz` and `mail-train.csv` → train; "" when it names none."""
    words = PurePosixPath(name).name.split(".")[0].lower().replace("-", "_").split("_")
    return next((word for word in reversed(words) if word in SPLIT_NAMES), "")


def joined(tables: dict[str, Table], *, insists: bool = False) -> Table | None:
    """Their rows, with the splits that their files are called like as a column; or with the names
    of the files, where these are none. None when their columns differ.

    Places are counted through all files, as if they were one.

    Args:
        insists: a person says that they belong together.

    Raises:
        Refused: together they are more than is taken; or columns differ, and somebody insists.
    """
    first = next(iter(tables.values()))
    splits = are_splits(list(tables))
    column = _free(COLUMN if splits else FILES, first.columns) if insists else COLUMN
    for name, table in tables.items():
        alike = insists or (table.unit == first.unit and column not in first.columns)
        if alike and set(table.columns) == set(first.columns):
            continue
        if not insists:
            return None
        here = tuple(c for c in table.columns if c not in first.columns) or ("–",)
        there = tuple(c for c in first.columns if c not in table.columns) or ("–",)
        raise Refused.because("table.other_columns", FILE, name=name, more=here, less=there)
    said = {name: split_of(name) if splits else name for name in tables}
    rows, problems = _through(tables, first.columns, said)
    notes: list[Problem] = []
    for note in (note for table in tables.values() for note in table.notes):
        if note not in notes and note.code != "note.sheets":
            notes.append(note)
    told = warning("note.joined_files", FILE, files=tuple(tables), column=column)
    return replace(
        first, columns=(*first.columns, column), rows=tuple(rows), problems=tuple(problems),
        notes=(told, *notes),
    )  # fmt: skip


def _free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else _free(f"{name} of the file", taken)


def _through(
    tables: dict[str, Table], columns: Sequence[str], said: dict[str, str]
) -> tuple[list[Row], list[Problem]]:
    """Rows of all files with their cells in one order, and what is said of each file behind."""
    rows: list[Row] = []
    problems: list[Problem] = []
    above = 0
    for name, table in tables.items():
        order = [table.columns.index(column) for column in columns]
        as_they_are = order == list(range(len(order)))
        for row in table.rows:
            cells = row.cells if as_they_are else tuple(row.cells[at] for at in order)
            rows.append(Row(above + row.place, (*cells, said[name])))
        problems += [wrong.at(of_row(above + (place_of(wrong) or 0))) for wrong in table.problems]
        check_room(len(rows) + len(problems), len(columns) + 1)
        places = [row.place for row in table.rows]
        above += max([*places, *(place_of(wrong) or 0 for wrong in table.problems)], default=0)
    return rows, problems

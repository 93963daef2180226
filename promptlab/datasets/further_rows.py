"""Further rows of a dataset from a file or from what was pasted, read as any file is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile

from optimizer.core.problems import Problem, Refused, problem
from optimizer.core.programs.signature import Field
from optimizer.datasets import words
from optimizer.datasets.columns import Role, Use
from optimizer.datasets.mapping import Mapping, RowReader
from optimizer.datasets.splitting import SplitPlan, split_named
from optimizer.datasets.table import FILE, Options, Row, in_its_row
from promptlab.datasets import queries
from promptlab.datasets.models import Dataset
from promptlab.datasets.uploads import read_once
from promptlab.datasets.versions import NewRow

MOST_TOLD = 10
"""Rows that cannot be used, told one by one."""


@dataclass(frozen=True)
class _Columns:
    """Which column of a file is which field of a dataset, by their places."""

    inputs: dict[str, str]
    expected: dict[str, str]
    metadata: dict[str, str]
    split: str


def pasted(text: str) -> ContentFile[bytes]:
    """What was pasted, as a file."""
    return ContentFile(text.encode(), "pasted.txt")


def rows_in(dataset: Dataset, file: UploadedFile[Any] | ContentFile[bytes]) -> list[NewRow]:
    """The rows of a file whose columns are called like the dataset's columns or fields. Without
    any such name, cells in the order of the columns. A column of splits says where rows go.

    Raises:
        Refused: columns are missing, or rows cannot be used; none is left out.
        Busy: too many files are being read at this moment.
    """
    with read_once(file, Options()) as (found, rows):
        columns = _named(dataset, found.names)
        if columns is not None:
            refuse_left_out(found.problems, found.unit)
            return _rows(dataset, found.names, columns, rows(), found.unit)
        missing = problem("rows.no_columns", FILE, names=tuple(_used(dataset)), columns=found.names)
        if len(found.names) != len(_used(dataset)):
            raise Refused(missing)
    with read_once(file, Options(has_header=False)) as (found, rows):
        refuse_left_out(found.problems, found.unit)
        in_order = dict(zip(_used(dataset), found.names, strict=True))
        inputs, expected = queries.columns(dataset)
        columns = _Columns(
            {name: in_order[name] for name in inputs},
            {name: in_order[name] for name in expected}, {}, "",
        )  # fmt: skip
        return _rows(dataset, found.names, columns, rows(), found.unit)


def refuse_left_out(problems: Sequence[Problem], unit: str) -> None:
    """Nothing that is added by hand is left out silently."""
    if problems:
        raise Refused(*(in_its_row(wrong, unit) for wrong in problems[:MOST_TOLD]))


def _used(dataset: Dataset) -> list[str]:
    """The names of its inputs and expected fields, in the order of its columns."""
    used = ("input", "expected")
    return [column["field"] for column in dataset.columns if column["role"] in used]


def _named(dataset: Dataset, names: Sequence[str]) -> _Columns | None:
    """None when a column is missing that must have values."""
    by_name = {name.strip().lower(): name for name in names}
    found: dict[str, dict[str, str]] = {"input": {}, "expected": {}, "metadata": {}}
    for column in dataset.columns:
        if column["role"] == "ignored":
            continue
        kept = Role(column["role"]).is_kept
        wanted = (column["field"], column["name"], column.get("label", ""))
        at = next((by_name[w.lower()] for w in wanted if w.lower() in by_name), None)
        if at is not None:
            found["metadata" if kept else column["role"]][column["field"]] = at
        elif not kept and not column.get("nullable"):
            return None
    if not found["input"]:
        return None
    split = next((name for key, name in by_name.items() if key in words.SPLIT), "")
    taken = {name for part in found.values() for name in part.values()}
    return _Columns(
        found["input"], found["expected"], found["metadata"], "" if split in taken else split
    )


def _rows(
    dataset: Dataset, names: Sequence[str], columns: _Columns, rows: Iterable[Row], unit: str
) -> list[NewRow]:
    inputs, expected = queries.fields(dataset)
    uses = (
        *_uses(inputs, columns.inputs, Role.INPUT),
        *_uses(expected, columns.expected, Role.EXPECTED),
        *(Use(at, Role.METADATA, name) for name, at in columns.metadata.items()),
    )
    reader = RowReader(names, Mapping(uses, SplitPlan()))
    split_at = names.index(columns.split) if columns.split else None
    found: list[NewRow] = []
    wrong: list[Problem] = []
    for row in rows:
        read = reader.read(row)
        if isinstance(read, Problem):
            wrong.append(read)
            continue
        split = split_named(str(row.cells[split_at])) if split_at is not None else None
        found.append(NewRow(read.inputs, read.expected, split, reader.metadata_of(row)))
    refuse_left_out(wrong, unit)
    return found


def _uses(fields: Iterable[Field], at: dict[str, str], role: Role) -> Iterator[Use]:
    for field in fields:
        if field.name in at:
            yield Use(
                at[field.name], role, field.name, field.type, field.choices, field.nullable,
                field.items, field.fields,
            )  # fmt: skip

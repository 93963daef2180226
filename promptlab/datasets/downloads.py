"""A version's rows as files: with their ids, splits and metadata, as they can be read in again."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from optimizer.core.programs.signature import Field, FieldType, Value, written
from promptlab.datasets import queries
from promptlab.datasets.models import Dataset, DatasetExample
from promptlab.datasets.parquet_writer import ParquetColumn
from promptlab.datasets.sandboxed_reader import CHECKOUT

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How cells begin that a spreadsheet takes for a formula."""
SECONDS = 120


@dataclass(frozen=True)
class Format:
    """A kind of file that rows are downloaded as."""

    name: str | Promise
    ending: str
    content_type: str
    write: Callable[[Sheet], Iterable[bytes]]


@dataclass(frozen=True)
class Sheet:
    """Rows by the names of their columns: id and split, inputs, expected values, metadata."""

    columns: tuple[ParquetColumn, ...]
    rows: Iterable[tuple[Value, ...]]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def sheet_of(dataset: Dataset, rows: Iterable[DatasetExample]) -> Sheet:
    inputs, expected = queries.fields(dataset)
    metadata = queries.metadata_names(dataset)
    fields = [column_of(field) for field in (*inputs, *expected)]
    taken = {*(column.name for column in fields), *metadata}
    given = [ParquetColumn(_free(name, taken)) for name in ("id", "split")]
    found = (
        (
            row.key, row.split,
            *(row.inputs.get(field.name) for field in inputs),
            *(row.expected.get(field.name) for field in expected),
            *(row.metadata.get(name) for name in metadata),
        )
        for row in rows
    )  # fmt: skip
    kept = [ParquetColumn(name) for name in metadata]
    return Sheet((*given, *fields, *kept), found)


def column_of(field: Field) -> ParquetColumn:
    kinds = {
        FieldType.INTEGER: "integer", FieldType.NUMBER: "number", FieldType.BOOLEAN: "boolean",
        FieldType.LIST: "list" if field.items is FieldType.TEXT else "text",
    }  # fmt: skip
    return ParquetColumn(field.name, kinds.get(field.type, "text"))


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else _free(f"row_{name}", taken)


def _as_jsonl(sheet: Sheet) -> Iterator[bytes]:
    names = sheet.names
    for row in sheet.rows:
        found = dict(zip(names, row, strict=True))
        yield json.dumps(found, ensure_ascii=False).encode() + b"\n"


def _as_csv(sheet: Sheet) -> Iterator[bytes]:
    return _delimited(sheet, _cell)


def _as_safe_csv(sheet: Sheet) -> Iterator[bytes]:
    yield "\ufeff".encode()  # spreadsheets take UTF-8 for something else without
    yield from _delimited(sheet, _safe_cell)


def _delimited(sheet: Sheet, cell: Callable[[Value], str]) -> Iterator[bytes]:
    for row in (sheet.names, *sheet.rows):
        line = io.StringIO()
        csv.writer(line).writerow([cell(value) for value in row])
        yield line.getvalue().encode()


def _cell(value: Value) -> str:
    return "" if value is None else written(value)


def _safe_cell(value: Value) -> str:
    text = _cell(value)
    is_number = isinstance(value, int | float)
    return text if is_number else safe_cell(text)


def safe_cell(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _as_parquet(sheet: Sheet) -> Iterator[bytes]:
    """Written in a process of its own, as the library that does it is for nobody else."""
    with tempfile.TemporaryDirectory() as folder:
        lines, made = Path(folder, "rows"), Path(folder, "parquet")
        with lines.open("w", encoding="utf-8") as out:
            for row in sheet.rows:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
        columns = json.dumps([asdict(column) for column in sheet.columns])
        subprocess.run(
            [sys.executable, "-m", "promptlab.datasets.parquet_writer", str(lines), str(made)],
            cwd=CHECKOUT, input=columns, text=True, timeout=SECONDS, check=True,
        )  # fmt: skip
        yield made.read_bytes()


FORMATS: dict[str, Format] = {
    "jsonl": Format("JSONL", "jsonl", "application/jsonl; charset=utf-8", _as_jsonl),
    "csv": Format("CSV", "csv", "text/csv; charset=utf-8", _as_csv),
    "spreadsheet": Format(
        _("CSV for spreadsheets"), "csv", "text/csv; charset=utf-8", _as_safe_csv
    ),
    "parquet": Format("Parquet", "parquet", "application/vnd.apache.parquet", _as_parquet),
}


def file_name(dataset: Dataset, version: int, kind: Format) -> str:
    stem = "".join(c if c.isascii() and c.isalnum() else "-" for c in dataset.name).strip("-")
    return f"{stem or 'dataset'}-v{version}.{kind.ending}"


def content(dataset: Dataset, rows: Iterable[DatasetExample], kind: Format) -> Iterable[Any]:
    return kind.write(sheet_of(dataset, rows))

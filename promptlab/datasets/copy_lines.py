"""Rows of datasets as Postgres's COPY reads them: text, a line a row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from optimizer.core.programs.signature import Value
from optimizer.datasets.json_texts import object_text
from optimizer.datasets.splitting import Split

COPY = (
    "COPY datasets_datasetexample"
    " (dataset_id, since, position, key, split, inputs, expected, metadata, digest) FROM STDIN"
)


@dataclass(frozen=True)
class FreshRow:
    """A row to be stored: its place among the others and its key, both within its dataset."""

    position: int
    key: str
    split: Split
    inputs: dict[str, Value]
    expected: dict[str, Value]
    metadata: dict[str, Value] = field(default_factory=dict)


def digest_of(split: str, inputs: str, expected: str, metadata: str) -> bytes:
    """SHA-256 of all that a row holds, its values as JSON objects."""
    return hashlib.sha256("\n".join((split, inputs, expected, metadata)).encode()).digest()


def escaped(lines: str) -> str:
    """JSON has no bare tabs and line ends, so that only its backslashes are doubled."""
    return lines.replace("\\", "\\\\")


def line_of(dataset: int, version: int, row: FreshRow) -> str:
    values = tuple(map(object_text, (row.inputs, row.expected, row.metadata)))
    digest = digest_of(row.split.value, *values)
    place = f"{dataset}\t{version}\t{row.position}\t{row.key}\t{row.split.value}"
    return escaped("\t".join((place, *values, f"\\x{digest.hex()}\n")))

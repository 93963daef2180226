"""Rows of datasets as Postgres's COPY reads them: text, a line a row."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from json.encoder import encode_basestring

from optimizer.core.programs.signature import Value
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


@dataclass(frozen=True)
class Written:
    """The values of a row as JSON, each part by itself."""

    inputs: str
    expected: str
    metadata: str

    def digest(self, split: Split) -> bytes:
        """SHA-256 of all that a row holds."""
        parts = (split.value, self.inputs, self.expected, self.metadata)
        return hashlib.sha256("\n".join(parts).encode()).digest()


_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def _json(values: dict[str, Value]) -> str:
    """An object in the order of its names. Most values are texts, which need no whole encoder."""
    parts = [
        f"{encode_basestring(name)}: {encode_basestring(v) if type(v) is str else _ENCODE(v)}"
        for name, v in sorted(values.items())
    ]
    return f"{{{', '.join(parts)}}}"


def written_out(
    inputs: dict[str, Value], expected: dict[str, Value], metadata: dict[str, Value]
) -> Written:
    return Written(_json(inputs), _json(expected), _json(metadata))


def line_of(
    dataset: int, version: int, position: int, key: str, split: Split, row: Written, digest: bytes
) -> str:
    """JSON has no bare tabs and line ends, so that only its backslashes are doubled."""
    values = "\t".join((key, split.value, row.inputs, row.expected, row.metadata))
    escaped = values.replace("\\", "\\\\")
    return f"{dataset}\t{version}\t{position}\t{escaped}\t\\\\x{digest.hex()}\n"


def line_of_fresh(dataset: int, version: int, row: FreshRow) -> str:
    held = written_out(row.inputs, row.expected, row.metadata)
    return line_of(dataset, version, row.position, row.key, row.split, held, held.digest(row.split))

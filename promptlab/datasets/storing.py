"""Rows of datasets on their way into Postgres, which reads them as a stream, and their digest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection

from optimizer.core.programs.signature import Value
from optimizer.datasets.splitting import Split
from promptlab.datasets.models import Dataset

_COPY = (
    "COPY datasets_datasetexample"
    " (dataset_id, since, position, key, split, inputs, expected, metadata) FROM STDIN"
)
# jsonb has one spelling for what is equal, so this is a digest of values, not of how they came.
_DIGEST = """
SELECT count(*), encode(sha256(coalesce(string_agg(
    sha256(convert_to(jsonb_build_array(inputs, expected, metadata, split)::text, 'UTF8')),
    ''::bytea ORDER BY position), ''::bytea)), 'hex')
FROM datasets_datasetexample WHERE dataset_id = %s AND until IS NULL
"""


@dataclass(frozen=True)
class FreshRow:
    """A row to be stored: its place among the others and its key, both within its dataset."""

    position: int
    key: str
    split: Split
    inputs: dict[str, Value]
    expected: dict[str, Value]
    metadata: dict[str, Value] = field(default_factory=dict)


def store(dataset: Dataset, version: int, rows: Iterable[FreshRow]) -> None:
    """Stream rows into a version; must be in a transaction, so that it is all of them or none."""
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(
                (
                    dataset.pk, version, row.position, row.key, row.split.value,
                    _json(row.inputs), _json(row.expected), _json(row.metadata),
                )
            )  # fmt: skip


def content_of(dataset: Dataset) -> tuple[int, str]:
    """How many rows the newest version has, and the SHA-256 (hex) of all of them in order."""
    with connection.cursor() as cursor:
        cursor.execute(_DIGEST, [dataset.pk])
        count, digest = cursor.fetchone()
    return count, digest


def _json(values: dict[str, Value]) -> str:
    return json.dumps(values, ensure_ascii=False)

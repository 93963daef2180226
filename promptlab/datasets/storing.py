"""Rows of datasets on their way into Postgres, which reads them as a stream, and their digest."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from promptlab.datasets.copy_lines import COPY, FreshRow, line_of
from promptlab.datasets.models import Dataset

# A row that was stored by an earlier release has no digest of its own.
_DIGEST = """
SELECT count(*), encode(sha256(coalesce(string_agg(coalesce(digest,
    sha256(convert_to(jsonb_build_array(inputs, expected, metadata, split)::text, 'UTF8'))),
    ''::bytea ORDER BY position), ''::bytea)), 'hex')
FROM datasets_datasetexample WHERE dataset_id = %s AND until IS NULL
"""


def store(dataset: Dataset, version: int, rows: Iterable[FreshRow]) -> None:
    """Stream rows into a version; must be in a transaction, so that it is all of them or none."""
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in rows:
            copy.write(line_of(dataset.pk, version, row))


def store_lines(chunks: Iterable[bytes]) -> None:
    """The same of rows that are lines for COPY already, many in a chunk."""
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for chunk in chunks:
            copy.write(chunk)


def next_dataset() -> int:
    """The id that the next dataset is to have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('datasets_dataset', 'id'))")
        return int(cursor.fetchone()[0])


def content_of(dataset: Dataset) -> tuple[int, str]:
    """How many rows the newest version has, and the SHA-256 (hex) of all of them in order."""
    with connection.cursor() as cursor:
        cursor.execute(_DIGEST, [dataset.pk])
        count, digest = cursor.fetchone()
    return count, digest

"""A dataset's next version: rows added, changed, removed. What a version holds never changes."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import IntegerField, Max, QuerySet
from django.db.models.functions import Cast
from django.http import Http404

from optimizer.core.problems import Conflict, Problem, Refused, problem
from optimizer.core.programs.signature import Value
from optimizer.core.programs.storable import is_storable
from optimizer.datasets.row_values import trouble_within, values_of
from optimizer.datasets.splitting import Split
from optimizer.datasets.table import in_its_row, of_row
from promptlab.accounts.models import User
from promptlab.datasets import queries
from promptlab.datasets.copy_lines import FreshRow
from promptlab.datasets.models import Dataset, DatasetExample, DatasetVersion
from promptlab.datasets.storing import content_of, store

audit = logging.getLogger("promptlab.audit")

LONGEST_NOTE = 200
_EQUALS = """
SELECT given.number, row.key, row.split, row.expected = given.expected
FROM unnest(%s::text[]::jsonb[], %s::text[]::jsonb[])
    WITH ORDINALITY AS given (inputs, expected, number)
JOIN datasets_datasetexample AS row ON row.inputs = given.inputs
WHERE row.dataset_id = %s AND row.until IS NULL
"""


_SAME = """
    other.key = row.key AND (other.split, other.position, other.inputs, other.expected,
    other.metadata) = (row.split, row.position, row.inputs, row.expected, row.metadata)
"""
_LIVES = (
    "{0}.dataset_id = %(dataset)s AND {0}.since <= %(old)s AND coalesce({0}.until > %(old)s, true)"
)
_END_OTHERS = f"""
UPDATE datasets_datasetexample AS row SET until = %(new)s
WHERE row.dataset_id = %(dataset)s AND row.until IS NULL AND NOT EXISTS (
    SELECT FROM datasets_datasetexample AS other WHERE {_LIVES.format("other")} AND {_SAME})
RETURNING row.key
"""
_BRING_BACK = f"""
INSERT INTO datasets_datasetexample
    (dataset_id, since, position, key, split, inputs, expected, metadata, digest)
SELECT row.dataset_id, %(new)s, row.position, row.key, row.split, row.inputs, row.expected,
    row.metadata, row.digest
FROM datasets_datasetexample AS row WHERE {_LIVES.format("row")} AND NOT EXISTS (
    SELECT FROM datasets_datasetexample AS other
    WHERE other.dataset_id = %(dataset)s AND other.until IS NULL AND other.key = row.key)
RETURNING key
"""
"""Run behind _END_OTHERS: what has one of the keys is the same row."""


@dataclass(frozen=True)
class NewRow:
    """A row by the names of the dataset's fields; fields that are left out have no value.

    `split` None: that of a row with the same inputs, else train.
    """

    inputs: dict[str, Value]
    expected: dict[str, Value]
    split: Split | None = None
    metadata: dict[str, Value] | None = None
    """None: of a row that is changed, what it has; of a new one, nothing."""


@dataclass(frozen=True)
class Added:
    """What became of rows that were to be added: their keys, and how many were there already."""

    keys: tuple[str, ...]
    known: int


@dataclass(frozen=True)
class _Equal:
    """A row of the dataset with the inputs of another one."""

    key: str
    split: Split
    same_answer: bool


@dataclass
class _Next:
    """A version in the making."""

    number: int
    added: int = 0
    changed: int = 0
    removed: int = 0


def add_rows(dataset: Dataset, rows: Sequence[NewRow], by: User | None, note: str = "") -> Added:
    """Make a version with further rows. Rows that are there already are not added again, and when
    all are, no version is made.

    Args:
        note: what people read of the version, LONGEST_NOTE characters at most.

    Raises:
        Refused: values do not fit their fields, or a row's inputs are in another split than it is
            to go into; `rows[2].label` is the place of the second row's label. Nothing is stored.
        Http404: the dataset was deleted meanwhile.
    """
    fitting = _once(_fitting(dataset, rows))
    with _next(dataset, by, note) as version:
        fresh = list(_placed(dataset, fitting))
        last, top = _last_key(dataset), _last_position(dataset)
        placed = [
            FreshRow(top + n, str(last + n), split, row.inputs, row.expected, row.metadata or {})
            for n, (row, split) in enumerate(fresh, start=1)
        ]
        store(dataset, version.number, placed)
        version.added = len(placed)
    return Added(tuple(row.key for row in placed), len(rows) - len(placed))


def change_row(
    dataset: Dataset, key: str, row: NewRow, by: User | None, note: str = "", seen: int = 0
) -> None:
    """Make a version in which a row is another one; none when it is as it was.

    Args:
        seen: the version since which the row is as the person saw it; 0: whichever it is.

    Raises:
        Refused: as for rows that are added, at `rows[1]`; or a split would be empty.
        Conflict: somebody changed it meanwhile.
        Http404: there is no such row, or not any more.
    """
    (fits,) = _fitting(dataset, [row])
    with _next(dataset, by, note) as version:
        old = row_of(dataset, key)
        if seen and old.since != seen:
            raise Conflict.because("row.changed_meanwhile", "")
        split = fits.split or Split(old.split)
        metadata = old.metadata if fits.metadata is None else fits.metadata
        new = FreshRow(old.position, key, split, fits.inputs, fits.expected, metadata)
        if _is_like(old, new):
            return
        others = [e for e in _equals(dataset, [fits]).get(1, []) if e.key != key]
        _check_split(1, replace(fits, split=split), others)
        _end(dataset.examples.filter(pk=old.pk), version)
        store(dataset, version.number, [new])
        version.changed = 1


def remove_rows(dataset: Dataset, keys: Collection[str], by: User | None, note: str = "") -> None:
    """Make a version without some rows; keys that are in no row are passed over.

    Raises:
        Refused: train or validation would be empty.
        Http404: the dataset was deleted meanwhile.
    """
    with _next(dataset, by, note) as version:
        version.removed = _end(dataset.examples.filter(key__in=list(keys)), version)


def go_back(dataset: Dataset, number: int, by: User | None, note: str = "") -> None:
    """Make a version that holds what an older one does; none when the newest does already. Those
    between stay what they are.

    Raises:
        Http404: there is no such version, or the dataset was deleted meanwhile.
    """
    if not dataset.versions.filter(number=number).exists():
        raise Http404(f"There is no version {number} of this dataset.")
    with _next(dataset, by, note) as version, connection.cursor() as cursor:
        told = {"dataset": dataset.pk, "old": number, "new": version.number}
        ended, back = (_keys(cursor, sql, told) for sql in (_END_OTHERS, _BRING_BACK))
        version.changed = len(ended & back)
        version.removed, version.added = len(ended - back), len(back - ended)


def _keys(cursor: CursorWrapper, sql: str, told: dict[str, int]) -> set[str]:
    cursor.execute(sql, told)
    return {key for (key,) in cursor.fetchall()}


def row_of(dataset: Dataset, key: str) -> DatasetExample:
    """A row of the newest version. Raises Http404 when there is none."""
    row = dataset.examples.filter(key=key).first() if is_storable(key) else None
    if row is None:
        raise Http404(f"There is no row {key} in this dataset, or not any more.")
    return row


@contextmanager
def _next(dataset: Dataset, by: User | None, note: str) -> Iterator[_Next]:
    """One change at a time; what is left undone makes no version."""
    with transaction.atomic():
        locked = Dataset.objects.select_for_update().filter(pk=dataset.pk).first()
        if locked is None:
            raise Http404("Somebody deleted this dataset a moment ago.")
        version = _Next(locked.version + 1)
        yield version
        if not (version.added or version.changed or version.removed):
            return
        dataset.splits = _checked_splits(dataset)
        dataset.version = version.number
        dataset.count, dataset.digest = content_of(dataset)
        dataset.save(update_fields=["version", "count", "digest", "splits"])
        record(dataset, by, note, version.added, version.changed, version.removed)
    audit.info("%s made version %s of dataset %s", by, version.number, dataset.name)


def record(
    dataset: Dataset, by: User | None, note: str, added: int, changed: int = 0, removed: int = 0
) -> None:
    """Write down the version that a dataset has come to."""
    DatasetVersion.objects.create(
        dataset=dataset, number=dataset.version, digest=dataset.digest, count=dataset.count,
        added=added, changed=changed, removed=removed, note=note[:LONGEST_NOTE], created_by=by,
    )  # fmt: skip


def _fitting(dataset: Dataset, rows: Sequence[NewRow]) -> list[NewRow]:
    """The rows with values as their fields have them."""
    inputs, expected = queries.fields(dataset)
    names = queries.metadata_names(dataset)
    found: list[NewRow] = []
    wrong: list[Problem] = []
    for place, row in enumerate(rows, start=1):
        try:
            read = values_of(inputs, row.inputs, place, expected=False)
            wanted = values_of(expected, row.expected, place, expected=True)
            _check_metadata(place, row.metadata or {}, names)
            found.append(replace(row, inputs=read, expected=wanted))
        except Refused as refusal:
            wrong += (in_its_row(told, "row") for told in refusal.problems)
    if wrong:
        raise Refused(*wrong)
    return found


def _check_metadata(place: int, given: dict[str, Value], names: Collection[str]) -> None:
    """Raises Refused when it is not what the dataset keeps, or cannot be stored."""
    for name, value in given.items():
        wrong = None if name in names else problem("row.no_such_field")
        wrong = wrong or trouble_within(value)
        if wrong:
            raise Refused(wrong.at(of_row(place, name)))


def _once(rows: Sequence[NewRow]) -> list[NewRow]:
    """Without those that repeat another one; what has the same inputs goes into one split."""
    found: dict[str, NewRow] = {}
    splits: dict[str, Split | None] = {}
    for row in rows:
        inputs = json.dumps(row.inputs, sort_keys=True)
        splits[inputs] = splits.get(inputs) or row.split
        found.setdefault(inputs + json.dumps(row.expected, sort_keys=True), row)
    return [
        replace(row, split=splits[json.dumps(row.inputs, sort_keys=True)]) for row in found.values()
    ]


def _placed(dataset: Dataset, rows: Sequence[NewRow]) -> Iterator[tuple[NewRow, Split]]:
    """Rows that are new, with their splits."""
    equals = _equals(dataset, rows)
    for number, row in enumerate(rows, start=1):
        others = equals.get(number, [])
        if any(other.same_answer for other in others):
            continue
        _check_split(number, row, others)
        yield row, row.split or next((other.split for other in others), Split.TRAIN)


def _equals(dataset: Dataset, rows: Sequence[NewRow]) -> dict[int, list[_Equal]]:
    """Rows of the newest version with the same inputs, by the number of the new one."""
    inputs = [json.dumps(row.inputs) for row in rows]
    expected = [json.dumps(row.expected) for row in rows]
    found: dict[int, list[_Equal]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_EQUALS, [inputs, expected, dataset.pk])
        for number, key, split, same in cursor.fetchall():
            found.setdefault(number, []).append(_Equal(key, Split(split), same))
    return found


def _check_split(place: int, row: NewRow, others: Sequence[_Equal]) -> None:
    """What is scored must not have been learned."""
    for other in others:
        if row.split is not None and other.split is not row.split:
            told = problem("row.in_other_split", key=other.key, split=other.split.value)
            raise Refused(in_its_row(told.at(of_row(place)), "row"))


def _checked_splits(dataset: Dataset) -> dict[str, int]:
    """How many rows each split has. Raises Refused when one that is needed has none."""
    counts = queries.split_counts(dataset)
    for split in (Split.TRAIN, Split.VALIDATION):
        if not counts[split]:
            raise Refused.because("table.last_of_split", "split", split=split.value)
    return {split.value: n for split, n in counts.items()}


def _end(rows: QuerySet[DatasetExample], version: _Next) -> int:
    return rows.update(until=version.number)


def _is_like(old: DatasetExample, new: FreshRow) -> bool:
    return (old.split, old.inputs, old.expected, old.metadata) == (
        new.split.value, new.inputs, new.expected, new.metadata,
    )  # fmt: skip


def _last_key(dataset: Dataset) -> int:
    """The greatest number that was ever a key, so that none comes back for another row."""
    rows = DatasetExample.of_all_versions.filter(dataset=dataset, key__regex=r"^[0-9]+$")
    return rows.aggregate(last=Max(Cast("key", IntegerField())))["last"] or 0


def _last_position(dataset: Dataset) -> int:
    rows = DatasetExample.of_all_versions.filter(dataset=dataset)
    return rows.aggregate(last=Max("position"))["last"] or 0

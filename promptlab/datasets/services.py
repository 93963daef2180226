"""What is done to datasets."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.db import IntegrityError, transaction
from django.db.models import CASCADE
from django.http import Http404

from optimizer.codec import to_json
from optimizer.core.problems import Conflict, Refused, problem
from optimizer.datasets.columns import Column, Use
from optimizer.datasets.guessing import describe
from optimizer.datasets.mapping import Mapping, RowFilter, guessed
from optimizer.datasets.reading import read_table
from optimizer.datasets.splitting import Repeats, SplitPlan
from optimizer.datasets.surveying import Rows, Survey
from optimizer.datasets.table import in_its_row
from promptlab.accounts.models import Project, User
from promptlab.datasets.making import MANY, Making, MakingApart, making_apart
from promptlab.datasets.models import Dataset
from promptlab.datasets.storing import next_dataset, store_lines
from promptlab.datasets.versions import LONGEST_NOTE, record

audit = logging.getLogger("promptlab.audit")

_DELETED = "Somebody deleted this dataset a moment ago."
SHOWN_USERS = 3


@dataclass(frozen=True)
class Source:
    """A file that was read: its columns and rows, and how many rows were lost in reading it.

    `unit` is what the places of rows count, as in a `Table`. `stored`: where a reader left the
    rows, of which there are `count`; None where they are in memory. `digest` is the SHA-256 (hex)
    of the file, "" where that is not known.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Rows
    left_out: int
    unit: str
    stored: Path | None = None
    count: int = 0
    digest: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def import_dataset(
    project: Project, by: User | None, name: str, file: BinaryIO, mapping: Mapping | None = None,
    *, source_name: str = "", skip_unusable: bool = True,
) -> Dataset:  # fmt: skip
    """Read a file that is trusted, and store it as a dataset.

    Raises:
        Refused: no table can be made of the file, or no dataset of the table.
    """
    table = read_table(file, source_name)
    columns = describe(table)
    source = Source(source_name, columns, lambda: table.rows, len(table.problems), table.unit)
    return create(
        project, by, name, source, mapping or guessed(columns), skip_unusable=skip_unusable
    )


def create(
    project: Project, by: User | None, name: str, source: Source, mapping: Mapping,
    *, skip_unusable: bool = True,
) -> Dataset:  # fmt: skip
    """Store a dataset: the one way, from pages, API and demo alike.

    Raises:
        Refused: no dataset can be made so; nothing was stored.
    """
    check_name(project, name)
    pk = next_dataset()
    with _making(source, mapping, pk) as made:
        _check(made.survey, source, skip_unusable=skip_unusable)
        dataset = Dataset(
            pk=pk,
            project=project,
            name=name,
            source_name=source.name,
            source_digest=source.digest,
            columns=[_as_json(column, mapping.uses) for column in source.names],
            count=made.survey.usable,
            splits={split.value: n for split, n in made.survey.counts.items()},
            left_out=source.left_out + made.survey.problem_count,
            seed=mapping.plan.seed,
            shares=_shares(mapping.plan, mapping.only),
            created_by=by,
        )
        _store(dataset, by, made)
    audit.info("%s imported dataset %s into %s", by or "the demo", name, project.slug)
    return dataset


def _making(
    source: Source, mapping: Mapping, pk: int
) -> AbstractContextManager[Making | MakingApart]:
    """Many rows take a process of their own."""
    if source.stored is not None and source.count >= MANY:
        return making_apart(source.stored, source.names, mapping, pk)
    return nullcontext(Making(source.rows, source.names, mapping, pk))


def _check(found: Survey, source: Source, *, skip_unusable: bool) -> None:
    if found.problems and not skip_unusable:
        told = problem("table.unusable", "unusable", n=found.problem_count)
        raise Refused(told, *(in_its_row(wrong, source.unit) for wrong in found.problems))
    found.check(source.unit)


def _store(dataset: Dataset, by: User | None, made: Making | MakingApart) -> None:
    """All of it or nothing; rows go in while others are being made."""
    try:
        with transaction.atomic():
            dataset.save(force_insert=True)
            store_lines(made.chunks())
            dataset.digest = made.digest
            dataset.save(update_fields=["digest"])
            record(dataset, by, dataset.source_name[:LONGEST_NOTE], added=dataset.count)
    except IntegrityError as error:  # somebody took the name a moment ago
        raise _name_taken(dataset.name) from error


def check_name(project: Project, name: str) -> None:
    """Raises Conflict when another dataset of the project has it."""
    if project.datasets.filter(name=name).exists():
        raise _name_taken(name)


def rename(dataset: Dataset, name: str, by: User) -> None:
    """Give a dataset another name.

    Raises:
        Conflict: another dataset of the project has it.
        Http404: the dataset was deleted meanwhile.
    """
    try:
        with transaction.atomic():
            renamed = Dataset.objects.filter(pk=dataset.pk).update(name=name)
    except IntegrityError:
        raise _name_taken(name) from None
    if not renamed:
        raise Http404(_DELETED)
    audit.info("%s renamed dataset %s to %s", by, dataset.name, name)
    dataset.name = name


def remove(dataset: Dataset, by: User) -> None:
    """Delete a dataset with its examples.

    Raises:
        Conflict: something, like a run, refers to it.
        Http404: it was deleted meanwhile.
    """
    with transaction.atomic():
        # A run that starts now waits for this lock, and then finds no dataset.
        if not Dataset.objects.select_for_update().filter(pk=dataset.pk):
            raise Http404(_DELETED)
        using = users_of(dataset)
        if using:
            more = ("…",) if len(using) > SHOWN_USERS else ()
            users = (*map(str, using[:SHOWN_USERS]), *more)
            raise Conflict.because("table.in_use", "", users=users)
        dataset.delete()
    audit.info("%s deleted dataset %s", by, dataset.name)


def users_of(dataset: Dataset) -> list[object]:
    """What keeps the dataset from being deleted: a few rows of higher rooms that refer to it."""
    found: list[object] = []
    for relation in Dataset._meta.related_objects:
        if relation.on_delete is not CASCADE:
            rows = relation.related_model._default_manager
            found += rows.filter(**{relation.field.name: dataset})[: SHOWN_USERS + 1]
    return found


def _name_taken(name: str) -> Conflict:
    return Conflict.because("table.name_taken", "name", name=name)


def _as_json(column: str, uses: Sequence[Use]) -> dict[str, object]:
    use = next((use for use in uses if use.column == column), None)
    if use is None:
        return {"name": column, "role": "ignored", "type": "text", "field": "", "choices": []}
    field = to_json(use.as_field())
    told = {key: field[key] for key in ("items", "fields", "label") if key in field}
    if use.doubt:
        told["doubt"] = True
    return {
        "name": use.column, "role": use.role.value, "field": use.field, "type": use.type.value,
        "choices": list(use.choices), "nullable": use.nullable, **told,
    }  # fmt: skip


def _shares(plan: SplitPlan, only: RowFilter | None) -> dict[str, object]:
    by_share = {split.value: share for split, share in plan.shares.items()}
    told: dict[str, object] = {"column": plan.column} if plan.column else dict(by_share)
    if plan.group:
        told["group"] = plan.group
    if plan.repeats is not Repeats.KEEP:
        told["repeats"] = plan.repeats.value
    if only:
        told["only"] = {"column": only.column, "value": only.value}
    return told

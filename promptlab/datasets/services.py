"""What is done to datasets."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import BinaryIO

from django.db import IntegrityError, transaction
from django.db.models import CASCADE
from django.http import Http404

from optimizer.codec import canonical
from optimizer.core.problems import Problem, problem
from optimizer.datasets.columns import Use, uses_as_guessed
from optimizer.datasets.guessing import describe
from optimizer.datasets.mapping import (
    RowProblem,
    RowReader,
    Rows,
    Survey,
    check_uses,
    of_use,
    survey,
)
from optimizer.datasets.reading import read_table
from optimizer.datasets.splitting import Split, SplitPlan
from optimizer.sentences import sentence
from promptlab.accounts.models import Project, User
from promptlab.datasets.models import Dataset, DatasetExample

audit = logging.getLogger("promptlab.audit")

BATCH = 1000
_DELETED = "Somebody deleted this dataset a moment ago."
SHOWN_USERS = 3


class CannotImport(ValueError):
    """No dataset can be made so; nothing was stored. The message says what to change."""


class MappingRefused(CannotImport):
    """The uses of the columns do not make examples."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(map(_with_column, self.problems)))


class RowsRefused(CannotImport):
    """Some rows cannot become examples, and the person wants to hear of it."""

    def __init__(self, problems: Sequence[RowProblem], unit: str) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"Rows that cannot be used: {len(self.problems)}. {_told(self.problems[0], unit)} "
            "Correct the file, or skip such rows."
        )


class NameTaken(CannotImport):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is a dataset “{name}” in this project already. Take another name.")


class DatasetInUse(Exception):
    """Something refers to the dataset, so it stays."""

    def __init__(self, users: Sequence[object]) -> None:
        shown = ", ".join(str(user) for user in users[:3])
        more = f" and {len(users) - 3} more" if len(users) > 3 else ""
        super().__init__(
            f"{shown}{more} used this dataset, so it stays: results must be explained."
        )


def import_dataset(
    project: Project,
    by: User | None,
    name: str,
    file: BinaryIO,
    mapping: Sequence[Use] | None = None,
    split: SplitPlan | None = None,
    *,
    source_name: str = "",
    skip_unusable: bool = True,
) -> Dataset:
    """Read a file and store it as a dataset. Without a mapping or split, take the guesses.

    Raises:
        Unreadable: no table can be made of the file.
        CannotImport: no dataset can be made of the table.
    """
    table = read_table(file, source_name)
    columns = describe(table)
    uses = mapping if mapping is not None else uses_as_guessed(columns)
    if split is None:
        split = SplitPlan(column=next((c.name for c in columns if c.names_split), ""))
    return store(
        project, by, name, source_name, lambda: table.rows, table.columns, uses, split,
        skip_unusable=skip_unusable, left_out=len(table.problems), unit=table.unit,
    )  # fmt: skip


def store(
    project: Project,
    by: User | None,
    name: str,
    source_name: str,
    rows: Rows,
    columns: Sequence[str],
    uses: Sequence[Use],
    plan: SplitPlan,
    *,
    skip_unusable: bool = True,
    left_out: int = 0,
    unit: str = "line",
) -> Dataset:
    """Make examples of rows that can be gone through twice.

    `left_out` rows were lost in reading already; `unit` is what the rows' places count.

    Raises:
        CannotImport: nothing was stored; its subclasses say what to change.
    """
    outlook = checked_survey(rows, columns, uses, plan)
    if outlook.problems and not skip_unusable:
        raise RowsRefused(outlook.problems, unit)
    _check_counts(outlook, unit)
    if project.datasets.filter(name=name).exists():
        raise NameTaken(name)
    try:
        with transaction.atomic():
            dataset = Dataset.objects.create(
                project=project,
                name=name,
                source_name=source_name,
                columns=[_as_json(column, uses) for column in columns],
                count=len(outlook.splits),
                left_out=left_out + len(outlook.problems),
                seed=plan.seed,
                shares=_shares(plan),
                created_by=by,
            )
            dataset.digest = _store_examples(dataset, rows, columns, uses, plan, outlook.splits)
            dataset.save(update_fields=["digest"])
    except IntegrityError as error:  # somebody took the name a moment ago
        raise NameTaken(name) from error
    audit.info("%s imported dataset %s into %s", by or "the demo", name, project.slug)
    return dataset


def checked_survey(
    rows: Rows, columns: Sequence[str], uses: Sequence[Use], plan: SplitPlan
) -> Survey:
    """What an import would make of the rows.

    Raises:
        MappingRefused: the uses of the columns do not make examples.
    """
    problems = check_uses(uses)
    unknown = [use.column for use in uses if use.column not in columns]
    if plan.column and plan.column not in columns:
        unknown.append(plan.column)
    problems += [problem("use.no_such_column", of_use(name)) for name in unknown]
    if problems:
        raise MappingRefused(problems)
    return survey(rows, columns, uses, plan)


def rename(dataset: Dataset, name: str, by: User) -> None:
    """Give a dataset another name.

    Raises:
        NameTaken: another dataset of the project has it.
        Http404: the dataset was deleted meanwhile.
    """
    try:
        with transaction.atomic():
            renamed = Dataset.objects.filter(pk=dataset.pk).update(name=name)
    except IntegrityError:
        raise NameTaken(name) from None
    if not renamed:
        raise Http404(_DELETED)
    audit.info("%s renamed dataset %s to %s", by, dataset.name, name)
    dataset.name = name


def remove(dataset: Dataset, by: User) -> None:
    """Delete a dataset with its examples.

    Raises:
        DatasetInUse: something, like a run, refers to it.
        Http404: it was deleted meanwhile.
    """
    with transaction.atomic():
        # A run that starts now waits for this lock, and then finds no dataset.
        if not Dataset.objects.select_for_update().filter(pk=dataset.pk):
            raise Http404(_DELETED)
        using = users_of(dataset)
        if using:
            raise DatasetInUse(using)
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


def _with_column(problem: Problem) -> str:
    _mapping, _dot, use = problem.place.partition(".")
    column = use.removesuffix(".field").removesuffix(".type")
    return f"“{column}”: {sentence(problem)}" if column else sentence(problem)


def _told(problem: RowProblem, unit: str) -> str:
    column = f", column “{problem.column}”," if problem.column else ""
    return f"{unit.capitalize()} {problem.place}{column} {problem.message}."


def _check_counts(outlook: Survey, unit: str) -> None:
    if len(outlook.splits) < 2:
        many = "Only one row" if outlook.splits else "No row"
        why = f" {_told(outlook.problems[0], unit)}" if outlook.problems else ""
        raise CannotImport(
            f"{many} can be used.{why} At least 2 are needed: one to learn from, one to score on."
        )
    for split in (Split.TRAIN, Split.VALIDATION):
        if not outlook.count(split):
            raise CannotImport(
                f"The {split} split would be empty. Give it a larger share, or add rows."
            )


def _as_json(column: str, uses: Sequence[Use]) -> dict[str, object]:
    use = next((use for use in uses if use.column == column), None)
    if use is None:
        return {"name": column, "role": "ignored", "type": "text", "field": "", "choices": []}
    data = asdict(use)
    return {"name": data.pop("column"), **data, "choices": list(use.choices)}


def _shares(plan: SplitPlan) -> dict[str, object]:
    if plan.column:
        return {"column": plan.column}
    return {split.value: share for split, share in plan.shares.items()}


def _store_examples(
    dataset: Dataset,
    rows: Rows,
    columns: Sequence[str],
    uses: Sequence[Use],
    plan: SplitPlan,
    splits: Sequence[Split],
) -> str:
    """Returns the digest of all examples with their splits."""
    digest = hashlib.sha256()
    fresh = _examples(dataset, RowReader(columns, uses, plan), rows, splits, digest)
    while batch := list(islice(fresh, BATCH)):
        DatasetExample.objects.bulk_create(batch)
    return digest.hexdigest()


def _examples(
    dataset: Dataset,
    reader: RowReader,
    rows: Rows,
    splits: Sequence[Split],
    digest: hashlib._Hash,
) -> Iterator[DatasetExample]:
    usable = zip(reader.usable(rows()), splits, strict=True)
    for position, (read, split) in enumerate(usable, start=1):
        content = canonical([read.inputs, read.expected, split.value])
        digest.update(content.encode() + b"\n")
        yield DatasetExample(
            dataset=dataset,
            position=position,
            key=str(read.place),
            split=split.value,
            inputs=read.inputs,
            expected=read.expected,
        )

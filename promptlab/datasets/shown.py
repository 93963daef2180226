"""What the pages of a new dataset show, ready to be written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from optimizer.core.problems import Problem
from optimizer.datasets.columns import Column
from optimizer.datasets.encodings import CHOICES
from optimizer.datasets.surveying import Survey
from optimizer.datasets.table import Row, in_its_row
from optimizer.sentences import sentence
from promptlab.datasets.models import Upload
from promptlab.datasets.sandboxed_reader import Found

SHOWN_NOTES = 8
SHOWN_ROWS = 100  # that cannot be used
SHOWN_LABELS = 12
SPLIT_LABELS = 20
_DELIMITERS = {",": _("commas"), ";": _("semicolons"), "\t": _("tabs"), "|": _("bars")}


@dataclass(frozen=True)
class Log:
    """Lines that are folded away under a sentence; no sentence without lines."""

    summary: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownFile:
    """A file as it was read: facts about it, what was put right, and its first rows."""

    name: str
    facts: str
    notes: tuple[str, ...]
    left_out: Log
    unit: str
    names: tuple[str, ...]
    preview: tuple[Row, ...]
    preview_told: str


@dataclass(frozen=True)
class ShownSplit:
    split: str
    count: int
    labels: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Outlook:
    """What the import would make of the rows."""

    splits: tuple[ShownSplit, ...]
    notes: tuple[str, ...]
    unusable: Log


@dataclass(frozen=True)
class ShownColumn:
    """A column with the fields of its form, and some of its values: labels with counts, or how many
    there are and one of them. `nullable` is None where no cell is empty.
    """

    name: str
    role: forms.BoundField
    type: forms.BoundField
    field: forms.BoundField
    labels: tuple[tuple[str, int], ...]
    values: str
    sample: str
    missing: str
    nullable: forms.BoundField | None
    doubt: bool


def shown_file(upload: Upload, found: Found) -> ShownFile:
    rows = ngettext("%(n)s row", "%(n)s rows", found.count) % {"n": found.count}
    width = len(found.columns)
    columns = ngettext("%(n)s column", "%(n)s columns", width) % {"n": width}
    facts = (
        filesizeformat(upload.size), rows, columns,
        str(CHOICES.get(found.encoding, found.encoding)),
        str(_DELIMITERS.get(found.delimiter, found.delimiter)),
        found.sheet,
    )  # fmt: skip
    left_out = ngettext("One row was left out", "%(n)s rows were left out", found.problem_count)
    first = ngettext("first row", "first %(n)s rows", len(found.preview))
    return ShownFile(
        name=upload.name,
        facts=" · ".join(filter(None, facts)),
        notes=tuple(map(sentence, found.notes[:SHOWN_NOTES])),
        left_out=_log(left_out, found.problem_count, found.problems, found.unit),
        unit=found.unit,
        names=found.names,
        preview=found.preview,
        preview_told=first % {"n": len(found.preview)},
    )


def shown_outlook(survey: Survey, unit: str, sample: int | None = None) -> Outlook:
    """`sample`: how many of the rows were looked at, if not all."""
    notes = list(map(sentence, survey.notes))
    if sample:
        notes.insert(0, _("Of the first %(n)s rows; all will be taken.") % {"n": f"{sample:,}"})
    notes += _repeats_told(survey)
    if survey.repeated:
        told = ngettext(
            "One row repeats the inputs of another; both come into one split.",
            "%(n)s rows repeat the inputs of others; equal ones come into one split.",
            survey.repeated,
        )
        notes.append(told % {"n": survey.repeated})
    n = len(survey.problems)
    unusable = ngettext("One row cannot be used", "%(n)s rows cannot be used", n)
    splits = [
        ShownSplit(split.value, survey.count(split), tuple(labels.most_common(SPLIT_LABELS)))
        for split, labels in survey.labels.items()
    ]
    return Outlook(
        tuple(splits),
        tuple(notes),
        _log(unusable, n, survey.problems[:SHOWN_ROWS], unit),
    )


def _repeats_told(survey: Survey) -> list[str]:
    """What is in several splits, and what the filter leaves out."""
    told = []
    if survey.across:
        exact = ngettext(
            "%(n)s row has the inputs of a row in another split: what is scored was learned.",
            "%(n)s rows have the inputs of rows in another split: what is scored was learned.",
            survey.across,
        )
        told.append(exact % {"n": survey.across})
    if survey.near:
        near = ngettext(
            "%(n)s row is nearly the same as one in another split.",
            "%(n)s rows are nearly the same as some in another split.",
            survey.near,
        )
        told.append(near % {"n": survey.near})
    if survey.passed:
        passed = ngettext("%(n)s row is not let in.", "%(n)s rows are not let in.", survey.passed)
        told.append(passed % {"n": survey.passed})
    return told


def shown_column(form: forms.Form, column: Column, number: int) -> ShownColumn:
    few = bool(column.labels) and column.distinct <= SHOWN_LABELS
    values = ngettext("%(n)s value:", "%(n)s values:", column.distinct) % {"n": column.distinct}
    missing = ngettext("%(n)s missing", "%(n)s missing", column.missing) % {"n": column.missing}
    return ShownColumn(
        column.name, form[f"role-{number}"], form[f"type-{number}"], form[f"field-{number}"],
        labels=column.labels if few else (),
        values="" if few else values,
        sample="" if few else next(iter(column.samples), ""),
        missing=missing if column.missing else "",
        nullable=form[f"nullable-{number}"] if column.missing else None,
        doubt=column.doubt,
    )  # fmt: skip


def _log(summary: str, n: int, problems: Iterable[Problem], unit: str) -> Log:
    lines = tuple(sentence(in_its_row(wrong, unit)) for wrong in problems)
    return Log(summary % {"n": n}, lines) if lines else Log()

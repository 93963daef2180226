"""Scores by a column's values: where a candidate gains and where it loses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _

from optimizer.core.conversation.spec import RunSpec
from promptlab.datasets import queries as datasets
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.evidence import Comparing, Row, Seen

MOST = 20
"""Slices that are shown, the largest ones."""


@dataclass(frozen=True)
class SliceCell:
    """A candidate on a slice; `gain` is against the first, on the examples that both have."""

    mean: float | None
    gain: float | None = None


@dataclass(frozen=True)
class Slice:
    label: str
    n: int
    cells: tuple[SliceCell, ...]


def slice_columns(project_run: ProjectRun, spec: RunSpec) -> list[str]:
    """What is kept with the rows, and what the metric compares with; nothing where the dataset is
    gone.
    """
    if project_run.dataset is None:
        return []
    kept = datasets.metadata_names(project_run.dataset)
    return list(dict.fromkeys((*kept, *spec.metric.columns.values())))


def slice_values(project_run: ProjectRun, column: str) -> dict[str, str]:
    """The column's value by example, as text; of rows as they were when the run began."""
    dataset = project_run.dataset
    if dataset is None:
        return {}
    place = "metadata" if column in datasets.metadata_names(dataset) else "expected"
    rows = datasets.rows_of(dataset, project_run.dataset_version)
    found = rows.values_list("key", KeyTextTransform(column, place))
    return {key: value or "" for key, value in found}


def slices_of(comparing: Comparing, values: Mapping[str, str]) -> list[Slice]:
    """The largest slices first; examples without a value are one of their own."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in comparing.rows:
        rows[values.get(row.example, "")].append(row)
    found = [_slice(label, some) for label, some in rows.items()]
    return sorted(found, key=lambda one: (-one.n, one.label))[:MOST]


def _slice(label: str, rows: list[Row]) -> Slice:
    first = [row.first for row in rows]
    cells = [SliceCell(_mean(first))]
    for at in range(len(rows[0].cells)):
        seen = [row.cells[at].seen for row in rows]
        cells.append(SliceCell(_mean(seen), _gain(first, seen)))
    return Slice(label or _("without a value"), len(rows), tuple(cells))


def _mean(seen: list[Seen | None]) -> float | None:
    scores = [one.score for one in seen if one is not None and one.score is not None]
    return fmean(scores) if scores else None


def _gain(first: list[Seen | None], other: list[Seen | None]) -> float | None:
    pairs = [
        b.score - a.score
        for a, b in zip(first, other, strict=True)
        if a and b and a.score is not None and b.score is not None
    ]
    return fmean(pairs) if pairs else None

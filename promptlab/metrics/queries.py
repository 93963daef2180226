"""What is read of metrics."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program


@dataclass(frozen=True)
class Names:
    """What can be compared: outputs of the chosen program, expected columns of the chosen dataset.

    None where nothing is chosen, so that a name must be typed.
    """

    outputs: tuple[str, ...] | None
    expected: tuple[str, ...] | None


def listed(project: Project) -> QuerySet[Metric]:
    """All metrics of a project by name, each with `run_count`, the runs scored with it."""
    found = project.metrics.all()
    if any(r.get_accessor_name() == "runs" for r in Metric._meta.related_objects):
        found = found.annotate(run_count=Count("runs"))
    return found


def names_of(program: Program | None, dataset: Dataset | None) -> Names:
    return Names(
        tuple(program.core.outputs) if program else None,
        datasets.columns(dataset)[1] if dataset else None,
    )


def giving(project: Project, outputs: Collection[str]) -> Program | None:
    """The first program that has these outputs; of none, every program has them."""
    found = project.programs.all()
    return next((p for p in found if set(outputs) <= set(p.core.outputs)), None)


def expecting(project: Project, columns: Collection[str]) -> Dataset | None:
    """The newest dataset that expects these columns."""
    found = project.datasets.all()
    return next((d for d in found if set(columns) <= set(datasets.columns(d)[1])), None)

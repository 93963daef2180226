"""What is read of metrics."""

from __future__ import annotations

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


def giving(project: Project, output: str) -> Program | None:
    """The first program that has this output."""
    return next((p for p in project.programs.all() if output in p.core.outputs), None)


def expecting(project: Project, column: str) -> Dataset | None:
    """The newest dataset that expects this column; of no column, the newest."""
    found = project.datasets.all()
    return next((d for d in found if not column or column in datasets.columns(d)[1]), None)

"""The start of a run. Pages, API and demo call the same function."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Max, Model

from optimizer.jobs import starting
from optimizer.jobs.starting import CannotStart, Part
from promptlab.accounts.models import Project, User
from promptlab.metrics import services as metrics
from promptlab.metrics.models import Metric
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting.planning import RunRequest, spec_of

__all__ = ["CannotStart", "start_run"]


def start_run(project: Project, by: User, wishes: RunRequest) -> ProjectRun:
    """Freeze everything into a run and have a worker take it: one transaction, one number.

    Raises:
        CannotStart: the run cannot work as it is wished; nothing was stored or spent.
    """
    try:
        return _start(project, by, wishes)
    except IntegrityError:
        gone = _gone(wishes)
        if gone is None:
            raise
        told = f"The {gone} was deleted a moment ago: choose another."
        raise CannotStart(gone, told) from None


def _start(project: Project, by: User, wishes: RunRequest) -> ProjectRun:
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        metric = _stored(project, by, wishes.metric)
        run = starting.create_run(spec_of(project, wishes))
        last = project.runs.aggregate(last=Max("number"))["last"] or 0
        return ProjectRun.objects.create(
            project=project,
            number=last + 1,
            run=run,
            program=wishes.program,
            program_name=wishes.program.name,
            program_revision=wishes.program.revision,
            dataset=wishes.dataset,
            dataset_name=wishes.dataset.name,
            dataset_digest=wishes.dataset.digest,
            metric=metric,
            metric_name=metric.name,
            effort=wishes.effort.value,
            started_by=by,
        )


def _stored(project: Project, by: User, metric: Metric) -> Metric:
    """The metric, stored under the name that it was suggested under; perhaps by a run that started
    a moment ago."""
    if metric.pk is not None:
        return metric
    known = project.metrics.filter(name=metric.name).first()
    if known is not None and known.core == metric.core:
        return known
    try:
        return metrics.create_metric(project, by, metric.name, metric.core)
    except metrics.NameTaken as refusal:
        raise CannotStart("metric", str(refusal)) from None


def _gone(wishes: RunRequest) -> Part | None:
    """What the run was to be made of and is not there any more."""
    parts: dict[Part, Model] = {
        "program": wishes.program, "dataset": wishes.dataset, "metric": wishes.metric,
    }  # fmt: skip
    for name, row in parts.items():
        if row.pk is not None and not type(row)._default_manager.filter(pk=row.pk).exists():
            return name
    return None

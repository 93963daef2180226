"""The start of a run. Pages, API and demo call the same function."""

from __future__ import annotations

from dataclasses import replace

from django.db import IntegrityError, transaction
from django.db.models import Max, Model

from optimizer.core.problems import Conflict, Problem, Refused, problem, refuse
from optimizer.jobs.starting import enqueue_run
from promptlab.accounts.models import Project, User
from promptlab.metrics import services as metrics
from promptlab.metrics.models import Metric
from promptlab.runs.board.entries import has_board
from promptlab.runs.board.wishing import carry_over
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting.planning import Look, RunRequest, spec_of


def start_run(project: Project, by: User, look: Look) -> ProjectRun:
    """Freeze everything into a run and have a worker take it: one transaction, one number.

    Raises:
        Refused: the run cannot work as it is wanted; nothing was stored or spent.
    """
    refuse(look.problems)
    try:
        return _start(project, by, look.wanted)
    except IntegrityError:
        gone = _gone(look.wanted)
        if gone is None:
            raise
        raise Refused(gone) from None


def _start(project: Project, by: User, wanted: RunRequest) -> ProjectRun:
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        metric = _stored(project, by, wanted.metric)
        run = enqueue_run(spec_of(project, replace(wanted, metric=metric)))
        if wanted.start is not None and has_board(wanted.optimizer):
            carry_over(wanted.start.origin.run, run)
        last = project.runs.aggregate(last=Max("number"))["last"] or 0
        return ProjectRun.objects.create(
            project=project,
            number=last + 1,
            run=run,
            program=wanted.program,
            program_name=wanted.program.name,
            dataset=wanted.dataset,
            dataset_name=wanted.dataset.name,
            dataset_digest=wanted.dataset.digest,
            dataset_version=wanted.dataset.version,
            metric=metric,
            metric_name=metric.name,
            input_columns=dict(wanted.columns),
            effort=wanted.effort.value,
            origin=wanted.start.origin if wanted.start else None,
            origin_candidate=wanted.start.number if wanted.start else None,
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
    except Conflict as refusal:
        raise Conflict(*(told.at("metric") for told in refusal.problems)) from None


def _gone(wanted: RunRequest) -> Problem | None:
    """What the run was to be made of and is not there any more."""
    parts: tuple[tuple[Model, Problem], ...] = (
        (wanted.program, problem("run.program_gone", "program")),
        (wanted.dataset, problem("run.dataset_gone", "dataset")),
        (wanted.metric, problem("run.metric_gone", "metric")),
    )
    return next((told for row, told in parts if row.pk is not None and not _exists(row)), None)


def _exists(row: Model) -> bool:
    return type(row)._default_manager.filter(pk=row.pk).exists()

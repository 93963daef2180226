"""What is done to runs. Pages, API and demo call the same functions."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from optimizer import controls, starting
from optimizer.controls import NotNow
from optimizer.starting import CannotStart
from promptlab.accounts.models import Project, User
from promptlab.metrics import services as metrics
from promptlab.metrics.models import Metric
from promptlab.runs.models import Launch
from promptlab.runs.planning import Wishes, spec_of

__all__ = ["CannotStart", "NotNow", "cancel", "pause", "raise_cap", "resume", "start_run"]


def start_run(project: Project, by: User, wishes: Wishes) -> Launch:
    """Freeze everything into a run and have a worker take it: one transaction, one number.

    Raises:
        CannotStart: the run cannot work as it is wished; nothing was stored or spent.
    """
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        metric = _stored(project, by, wishes.metric)
        run = starting.create_run(spec_of(project, wishes))
        last = project.launches.aggregate(last=Max("number"))["last"] or 0
        return Launch.objects.create(
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
    if metric.pk is not None:
        return metric
    return metrics.create_metric(project, by, metric.name, metric.core)


def pause(launch: Launch) -> None:
    """Stop asking for more; calls under way are kept.

    Raises:
        NotNow: the run does not go.
    """
    controls.pause(launch.run_id)


def resume(launch: Launch) -> None:
    """Go on where a paused or failed run stopped. Raises NotNow when it did not stop."""
    controls.resume(launch.run_id)


def cancel(launch: Launch) -> None:
    """End the run for good, keeping the best so far. Raises NotNow when it has ended."""
    controls.cancel(launch.run_id)


def raise_cap(launch: Launch, max_calls: int | None, max_cost: int | None) -> None:
    """Set other caps (calls, micro-USD; None = none).

    Raises:
        NotNow: the run has ended, or has spent more already.
    """
    controls.raise_cap(launch.run_id, max_calls, max_cost)

"""Starting a run: checked before anything is spent, then frozen with its job."""

from __future__ import annotations

from django.db import transaction

from optimizer import doorbell, hints
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers import EVALUATION, OPTIMIZERS
from optimizer.core.problems import refuse
from optimizer.core.runs.checks import shape_of
from optimizer.jobs.checks import check
from optimizer.jobs.forecast import Forecast, forecast
from optimizer.models import Run
from optimizer.running import snapshots


def create_run(spec: RunSpec) -> Run:
    """Check a spec with all its examples, and have a worker take it.

    Raises:
        Refused: it cannot work, for these reasons; nothing was stored or spent.
    """
    checked(spec)
    return enqueue_run(spec)


def checked(spec: RunSpec) -> Forecast:
    """What a run would take, where nothing speaks against it.

    Raises:
        Refused: something does.
    """
    known = spec.optimizer in (EVALUATION, *OPTIMIZERS)
    expected = forecast(spec) if known else None
    refuse(check(spec, shape_of(spec), expected))
    assert expected is not None  # a program without a module, or no task model, was refused
    return expected


def enqueue_run(spec: RunSpec) -> Run:
    """Freeze a spec that was checked into a run, with its job, in one transaction."""
    with transaction.atomic():
        run = snapshots.freeze(spec)
        run.save()
        hints.enqueue(run.pk)
        doorbell.ring("run", run.pk)
    return run

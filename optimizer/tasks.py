"""Jobs. The web process imports this to defer them, so what runs them is imported when they run."""

from __future__ import annotations

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.tasks import Task

from optimizer.ownership import Kind

RUNS = "runs"
QUICK = "quick"
"""A queue apart: long runs must not keep somebody who tries one example waiting."""
QUEUES = (RUNS, QUICK)
"""Every worker process takes jobs from all of these, each with a worker of its own."""


@app.task(name="optimize_run", queue=RUNS)
def optimize_run(run_id: int) -> None:
    from optimizer.running import runner

    runner.run(run_id)


@app.task(name="try_program", queue=QUICK)
def try_program(tryout_id: int) -> None:
    from optimizer.running import quick

    quick.try_program(tryout_id)


@app.task(name="measure_program", queue=QUICK)
def measure_program(measurement_id: int) -> None:
    from optimizer.running import quick

    quick.measure_program(measurement_id)


@app.task(name="check_provider", queue=QUICK)
def check_provider(provider_id: int, model: str) -> None:
    from optimizer.running import quick

    quick.check_provider(provider_id, model)


_LOOK: dict[Kind, Task[..., None, ...]] = {
    "run": optimize_run,
    "tryout": try_program,
    "measurement": measure_program,
}


def enqueue(kind: Kind, ref: int) -> None:
    """Have some worker look at it; nothing happens when one is asked to already.

    A job is a hint, and holds nothing: whether there is something to do says the row.
    """
    job = _LOOK[kind].configure(queueing_lock=hint(kind, ref))
    try:
        with transaction.atomic():
            job.defer(**{f"{kind}_id": ref})
    except AlreadyEnqueued:
        return


def hint(kind: Kind, ref: int) -> str:
    """What the database has one waiting job of at most."""
    return f"{kind}-{ref}"

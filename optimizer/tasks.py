"""Jobs. The web process imports this to defer them, so what runs them is imported when they run."""

from __future__ import annotations

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

RUNS = "runs"
QUICK = "quick"
"""A queue apart: long runs must not keep somebody who tries one example waiting."""
QUEUES = (RUNS, QUICK)
"""Every worker process takes jobs from all of these, each with a worker of its own."""


@app.task(name="optimize_run", queue=RUNS)
def optimize_run(run_id: int) -> None:
    from optimizer import runner

    runner.run(run_id)


@app.task(name="try_program", queue=QUICK)
def try_program(tryout_id: int) -> None:
    from optimizer import quick

    quick.try_program(tryout_id)


@app.task(name="measure_program", queue=QUICK)
def measure_program(measurement_id: int) -> None:
    from optimizer import quick

    quick.measure_program(measurement_id)


@app.task(name="check_provider", queue=QUICK)
def check_provider(provider_id: int, model: str) -> None:
    from optimizer import quick

    quick.check_provider(provider_id, model)


def enqueue_run(run_id: int) -> None:
    """Have some worker take the run; nothing happens when it is already waiting to be taken."""
    lock = f"run-{run_id}"
    try:
        with transaction.atomic():
            optimize_run.configure(lock=lock, queueing_lock=lock).defer(run_id=run_id)
    except AlreadyEnqueued:
        return

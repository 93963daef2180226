"""Having a worker look at a run. A job is a hint and holds nothing: the row says what to do."""

from __future__ import annotations

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from optimizer.models import Run

HOLD = "hold_conversation"
"""The one task there is (optimizer/tasks.py), deferred by its name so that nothing that runs it is
imported here."""
RUNS = "runs"
SHORT = "short"
"""A queue apart: long runs must not keep somebody who tries one example waiting."""
QUEUES = (RUNS, SHORT)
"""Every worker process takes jobs from all of these, each with a worker of its own."""


def enqueue(run_id: int, task: str = Run.Task.OPTIMIZE) -> None:
    """Have some worker look at the run; nothing happens when one is asked to already."""
    queue = RUNS if task == Run.Task.OPTIMIZE else SHORT
    job = app.configure_task(HOLD, queue=queue, queueing_lock=hint(run_id), allow_unknown=True)
    try:
        with transaction.atomic():
            job.defer(run_id=run_id)
    except AlreadyEnqueued:
        return


def hint(run_id: int) -> str:
    """What the database has one waiting job of at most."""
    return f"run-{run_id}"

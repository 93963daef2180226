"""Taking up what nobody holds: runs whose worker died, froze, or never came.

A worker that is gone is known by its silence (`ownership.owned`) and by nothing else; what its jobs
say counts for nothing. A job only has somebody look, so that one too many changes nothing.
"""

from __future__ import annotations

import logging
from typing import Any, cast

import psycopg
from django.db import connection, transaction
from django.db.models import QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob

from optimizer import hints
from optimizer.core.problems import problem
from optimizer.jobs import controls
from optimizer.lm.ledger import Ledger, owners_with_calls_lost
from optimizer.models import Run
from optimizer.ownership import owned
from optimizer.running import resting

logger = logging.getLogger(__name__)

SHORT_ATTEMPTS = 3
"""How often a short run is begun before it counts as one that ends its worker."""


def reap() -> int:
    """Have a worker look at everything that waits and that nobody holds; returns how many.

    What is wished of a run without a worker is done here; a short run that was begun too often gets
    its end. So do calls that nobody will ask for again: what is held for them would be missing
    below monthly caps.
    """
    _clear_jobs()
    runs = Run.objects.filter(~owned(), status__in=Run.ACTIVE)
    for wished in runs.filter(status=Run.Status.RUNNING).exclude(wish=Run.Wish.RUN):
        controls.settle(wished.pk)
    _give_up(runs.exclude(task=Run.Task.OPTIMIZE).filter(epoch__gte=SHORT_ATTEMPTS))
    forsaken = _have_looked_at(runs)
    if forsaken:
        logger.warning("nobody holds these, so they wait for a worker: %s", ", ".join(forsaken))
    _close_lost_calls()
    return len(forsaken)


def _close_lost_calls() -> None:
    with connection.cursor() as django_cursor:
        cursor = cast("psycopg.Cursor[Any]", django_cursor)
        for owner in owners_with_calls_lost(cursor):
            with transaction.atomic():
                lost = Ledger(owner).give_up(cursor)
            if lost:
                logger.warning("%s is gone: %s calls of it are in doubt", owner.name, lost)


def _have_looked_at(rows: QuerySet[Run]) -> list[str]:
    """Enqueue what no job asks for; returns the hints."""
    waiting = {
        hints.hint(pk): (pk, task) for pk, task in rows.order_by("pk").values_list("pk", "task")
    }
    jobs = ProcrastinateJob.objects.filter(status="todo", queueing_lock__in=list(waiting))
    asked = set(jobs.values_list("queueing_lock", flat=True))
    forsaken = {hint: run for hint, run in waiting.items() if hint not in asked}
    for pk, task in forsaken.values():
        hints.enqueue(pk, task)
    return list(forsaken)


def _give_up(rows: QuerySet[Run]) -> None:
    for pk, epoch in rows.values_list("pk", "epoch"):
        with transaction.atomic():
            # The condition once more: another reaper, or a worker, may have been faster.
            if rows.filter(pk=pk, epoch=epoch).select_for_update().first() is not None:
                told = problem("run.given_up", n=SHORT_ATTEMPTS)
                resting.leave(pk, epoch, Run.Status.FAILED, "cut off", told)


def _clear_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_TAKEABLE, [list(hints.QUEUES)])
        cursor.execute(_FORGET, [list(hints.QUEUES)])


# Jobs of release 0.1.0 had a lock, and waited behind a dead worker's job with the same.
_MAKE_TAKEABLE = """
    UPDATE procrastinate_jobs SET lock = NULL, scheduled_at = NULL
    WHERE queue_name = ANY(%s) AND status = 'todo'
      AND (lock IS NOT NULL OR scheduled_at IS NOT NULL)"""

# Nobody will finish a job whose worker is no longer registered, nor a short one of 0.1.0.
_FORGET = """
    DELETE FROM procrastinate_jobs
    WHERE (queue_name = ANY(%s) AND status = 'doing' AND worker_id IS NULL)
       OR (queue_name = 'quick' AND status = 'todo')"""

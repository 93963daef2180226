"""Taking up what nobody holds: runs and short jobs whose worker died, froze, or never came.

A worker that is gone is known by its silence (`ownership.owned`) and by nothing else; what its jobs
say counts for nothing. A job only has somebody look, so that one too many changes nothing.
"""

from __future__ import annotations

import logging
from typing import Any, cast

import psycopg
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateJob

from optimizer import doorbell, tasks
from optimizer.jobs import controls
from optimizer.lm.ledger import Ledger, owners_with_calls_lost
from optimizer.models import Measurement, Run, Tryout
from optimizer.ownership import Kind, owned

logger = logging.getLogger(__name__)

SILENT_SECONDS = 10
"""A worker process without a heartbeat for so long has lost the tests that it was making."""
QUICK_ATTEMPTS = 3
"""How often a short job is begun before it counts as one that ends its worker."""
GIVEN_UP = (
    f"A worker began this {QUICK_ATTEMPTS} times and was stopped each time before it came to an "
    "end. See what ends the worker (memory?), then try again."
)
CHECK_LOST = "The worker that tested it was stopped before an answer came: test it again."

QUICK: tuple[tuple[Kind, type[Tryout] | type[Measurement]], ...] = (
    ("tryout", Tryout),
    ("measurement", Measurement),
)


def reap() -> int:
    """Have a worker look at everything that waits and that nobody holds; returns how many.

    What is wished of a run without a worker is done here; a short job that was begun too often, and
    a provider's test that was lost, get their end. So do calls that nobody will ask for again: what
    is held for them would be missing below monthly caps.
    """
    _clear_jobs()
    runs = Run.objects.filter(~owned(), status__in=Run.ACTIVE)
    for wished in runs.filter(status=Run.Status.RUNNING).exclude(wish=Run.Wish.RUN):
        controls.settle(wished.pk)
    forsaken = _have_looked_at("run", runs)
    for kind, model in QUICK:
        waiting = model.objects.filter(~owned(), state=model.State.WAITING)
        _give_up(kind, waiting.filter(epoch__gte=QUICK_ATTEMPTS))
        forsaken += _have_looked_at(kind, waiting)
    if forsaken:
        logger.warning("nobody holds these, so they wait for a worker: %s", ", ".join(forsaken))
    checks = _end_lost_checks()
    _close_lost_calls()
    return len(forsaken) + checks


def _close_lost_calls() -> None:
    with connection.cursor() as django_cursor:
        cursor = cast("psycopg.Cursor[Any]", django_cursor)
        for owner in owners_with_calls_lost(cursor):
            with transaction.atomic():
                lost = Ledger(owner).give_up(cursor)
            if lost:
                logger.warning("%s is gone: %s calls of it are in doubt", owner.name, lost)


def _have_looked_at(kind: Kind, rows: QuerySet[Any]) -> list[str]:
    """Enqueue what no job asks for; returns the hints."""
    found = {tasks.hint(kind, pk): pk for pk in rows.order_by("pk").values_list("pk", flat=True)}
    waiting = ProcrastinateJob.objects.filter(status="todo", queueing_lock__in=list(found))
    asked = set(waiting.values_list("queueing_lock", flat=True))
    forsaken = {hint: pk for hint, pk in found.items() if hint not in asked}
    for pk in forsaken.values():
        tasks.enqueue(kind, pk)
    return list(forsaken)


def _give_up(kind: Kind, rows: QuerySet[Any]) -> None:
    for pk in rows.values_list("pk", flat=True):
        with transaction.atomic():
            # The condition once more: another reaper may have been faster.
            if rows.filter(pk=pk).update(state="failed", problem=GIVEN_UP, answered_at=Now()):
                doorbell.ring(kind, pk)


def _end_lost_checks() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOST_CHECKS, [CHECK_LOST, SILENT_SECONDS])
        lost = [row[0] for row in cursor.fetchall()]
        for pk in lost:
            doorbell.ring("provider", pk)
    return len(lost)


def _clear_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_TAKEABLE, [list(tasks.QUEUES)])
        cursor.execute(_FORGET, [list(tasks.QUEUES)])


# Jobs of release 0.1.0 had a lock, and waited behind a dead worker's job with the same.
_MAKE_TAKEABLE = """
    UPDATE procrastinate_jobs SET lock = NULL, scheduled_at = NULL
    WHERE queue_name = ANY(%s) AND status = 'todo'
      AND (lock IS NOT NULL OR scheduled_at IS NOT NULL)"""

# Nobody will finish a job whose worker is no longer registered.
_FORGET = """
    DELETE FROM procrastinate_jobs
    WHERE queue_name = ANY(%s) AND status = 'doing' AND worker_id IS NULL"""

_LOST_CHECKS = """
    UPDATE optimizer_provider AS provider
    SET check_state = 'failed', check_message = %s, checked_at = now()
    WHERE check_state = 'waiting' AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs AS job
        LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
        WHERE job.task_name = 'check_provider'
          AND (job.args ->> 'provider_id')::bigint = provider.id
          AND (job.status = 'todo' OR (job.status = 'doing'
               AND worker.last_heartbeat > now() - make_interval(secs => %s))))
    RETURNING id"""

"""Taking up what a killed worker left: its jobs wait again, and its runs get a new one."""

from __future__ import annotations

import logging
from typing import Any, cast

import psycopg
from django.db import connection, transaction

from optimizer import tasks
from optimizer.models import Run
from optimizer.ownership import Owner

logger = logging.getLogger(__name__)

SILENT_SECONDS = 10
"""A worker without a heartbeat for so long is dead."""
ORPHANED_SECONDS = 3
"""A run without a pulse for so long, whose owner's lock is free, has lost its worker."""
QUICK_ATTEMPTS = 3


def reap() -> int:
    """Put short jobs of dead workers back, and every active run that has lost its worker into the
    queue; returns how many.

    A run's lock is free the moment its process dies, so that this needs no heartbeat to run out. A
    run gets a new job: its old one could not wait beside one that was queued meanwhile.
    """
    retried = _retry_short_jobs()
    orphans = [pk for pk in _silent_runs() if _without_owner(pk)]
    for pk in orphans:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_END_OLD_JOB, [f"run-{pk}", ORPHANED_SECONDS])
            tasks.enqueue_run(pk)
    if retried or orphans:
        logger.warning("a worker died: jobs %s are tried again, runs %s go on", retried, orphans)
    return len(retried) + len(orphans)


def _retry_short_jobs() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_RETRY, [QUICK_ATTEMPTS, tasks.QUICK, SILENT_SECONDS])
        return [row[0] for row in cursor.fetchall()]


def _silent_runs() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_SILENT, [list(Run.ACTIVE), ORPHANED_SECONDS])
        return [row[0] for row in cursor.fetchall()]


def _without_owner(run_id: int) -> bool:
    """A run may be carried on without a job: by the command line, or by a worker that was slow."""
    with transaction.atomic(), connection.cursor() as cursor:
        return not Owner("run", run_id).alive(cast("psycopg.Cursor[Any]", cursor))


_RETRY = """
    UPDATE procrastinate_jobs
    SET status = CASE WHEN attempts + 1 < %s THEN 'todo'::procrastinate_job_status
                      ELSE 'failed'::procrastinate_job_status END, attempts = attempts + 1
    WHERE queue_name = %s AND status = 'doing' AND (worker_id IS NULL OR worker_id IN (
        SELECT id FROM procrastinate_workers
        WHERE last_heartbeat < now() - make_interval(secs => %s)))
    RETURNING id"""

# A job that was fetched a moment ago has perhaps not yet taken the lock.
_STARTED = """
    COALESCE((SELECT max(at) FROM procrastinate_events AS event
              WHERE event.job_id = job.id AND event.type = 'started'), '-infinity')"""

_SILENT = f"""
    SELECT run.id FROM optimizer_run AS run
    WHERE run.status = ANY(%s)
      AND COALESCE(run.heard_at, run.created_at) < now() - make_interval(secs => %s)
      AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs AS job
        WHERE job.lock = 'run-' || run.id
          AND (job.status = 'todo' OR (job.status = 'doing'
               AND {_STARTED} > now() - make_interval(secs => {ORPHANED_SECONDS}))))
    ORDER BY run.id"""

_END_OLD_JOB = f"""
    UPDATE procrastinate_jobs AS job SET status = 'failed'
    WHERE lock = %s AND status = 'doing' AND {_STARTED} < now() - make_interval(secs => %s)"""

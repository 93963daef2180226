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
QUICK_ATTEMPTS = 3


def reap() -> int:
    """Put jobs of dead workers back, and every active run without a job and an owner into the
    queue; returns how many.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_STALLED, {"silent": SILENT_SECONDS, "runs": tasks.RUNS})
        ended = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            _RETRIED,
            {"silent": SILENT_SECONDS, "quick": tasks.QUICK, "attempts": QUICK_ATTEMPTS},
        )
        retried = [row[0] for row in cursor.fetchall()]
    orphans = [pk for pk in _without_job() if _without_owner(pk)]
    for pk in orphans:
        tasks.enqueue_run(pk)
    if ended or retried or orphans:
        logger.warning(
            "a worker died: jobs %s are taken up again, runs %s go on", ended + retried, orphans
        )
    return len(retried) + len(orphans)


def _without_job() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT_JOB, {"active": list(Run.ACTIVE)})
        return [row[0] for row in cursor.fetchall()]


def _without_owner(run_id: int) -> bool:
    """A run may be carried on without a job: by the command line, or by a worker that was slow."""
    with transaction.atomic(), connection.cursor() as cursor:
        return not Owner("run", run_id).alive(cast("psycopg.Cursor[Any]", cursor))


_SILENT = """
    job.status = 'doing' AND (job.worker_id IS NULL OR job.worker_id IN (
        SELECT id FROM procrastinate_workers
        WHERE last_heartbeat < now() - make_interval(secs => %(silent)s)))"""

# A run gets a new job: its old one cannot wait beside a newer that holds the same queueing lock.
_STALLED = f"""
    UPDATE procrastinate_jobs AS job SET status = 'failed'
    WHERE queue_name = %(runs)s AND {_SILENT} RETURNING job.id"""

_RETRIED = f"""
    UPDATE procrastinate_jobs AS job
    SET status = CASE WHEN attempts + 1 < %(attempts)s THEN 'todo'::procrastinate_job_status
                      ELSE 'failed'::procrastinate_job_status END, attempts = attempts + 1
    WHERE queue_name = %(quick)s AND {_SILENT} RETURNING job.id"""

_WITHOUT_JOB = """
    SELECT id FROM optimizer_run AS run
    WHERE run.status = ANY(%(active)s) AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs AS job
        WHERE job.lock = 'run-' || run.id AND job.status IN ('todo', 'doing'))
    ORDER BY id"""

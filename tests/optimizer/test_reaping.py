"""What nobody holds is taken up again, whatever its jobs say, and asked for once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateJob

from optimizer import hints, ownership
from optimizer.core.conversation.spec import RunSpec
from optimizer.jobs import controls, model_checks, reaping
from optimizer.lm.ledger import Ledger
from optimizer.lm.paid import Wanted
from optimizer.models import Completion, Provider, Run
from optimizer.ownership import Owner
from tests.evaluations import held, start_measurement, start_tryout
from tests.fakes.scripted_lm import ScriptedLM
from tests.fakes.telling import told
from tests.optimizer.conftest import Create, again, elsewhere
from tests.optimizer.ledger_model import CALL

TRIES = 15
LONG_AGO = Now() - timedelta(minutes=1)


def sql(statement: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def waiting(ref: int) -> int:
    """How many jobs wait that ask for it."""
    hint = hints.hint(ref)
    return ProcrastinateJob.objects.filter(status="todo", queueing_lock=hint).count()


def fetched() -> dict[str, int] | None:
    """What a worker that is free now is asked to look at."""
    sql("INSERT INTO procrastinate_workers DEFAULT VALUES")
    queues = list(hints.QUEUES)
    worker = "SELECT max(id) FROM procrastinate_workers"
    found = sql(f"SELECT args FROM procrastinate_fetch_job_v2(%s, ({worker}))", queues)
    args: dict[str, int] | None = json.loads(found[0][0] or "null")
    return args


def at_once(*jobs: Callable[[], object]) -> None:
    """Do these in the same milliseconds, each with a connection of its own."""
    barrier = threading.Barrier(len(jobs))

    def job(one: Callable[[], object]) -> None:
        connection.ensure_connection()
        barrier.wait()
        one()

    threads = [threading.Thread(target=elsewhere, args=(partial(job, one),)) for one in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def lost(row: Run) -> Run:
    """As a worker leaves it that was killed a minute ago."""
    silent = {"status": Run.Status.RUNNING, "epoch": F("epoch") + 1, "heard_at": LONG_AGO}
    Run.objects.filter(pk=row.pk).update(**silent)
    return again(row)


# --- Runs -----------------------------------------------------------------------------------------

DEAD = "UPDATE procrastinate_jobs SET status = 'doing', worker_id = {}"
JOBS = {
    "none": ["DELETE FROM procrastinate_jobs"],
    "one that a dead worker has": [
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')",
        DEAD.format("(SELECT max(id) FROM procrastinate_workers)"),
    ],
    "one that a live worker has fetched and forgotten": [
        "INSERT INTO procrastinate_workers DEFAULT VALUES",
        DEAD.format("(SELECT max(id) FROM procrastinate_workers)"),
    ],
    "one whose worker is not known any more": [DEAD.format("NULL")],
    "one that waits behind a dead one's lock": [
        "UPDATE procrastinate_jobs SET lock = queueing_lock",
        DEAD.format("NULL"),
        "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)"
        " SELECT queue_name, task_name, lock, queueing_lock, args FROM procrastinate_jobs",
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')",
        "UPDATE procrastinate_jobs SET worker_id = (SELECT max(id) FROM procrastinate_workers)"
        " WHERE status = 'doing'",
    ],
    "one for a time to come": [
        "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 year'"
    ],
    "one that waits": [],
    **{
        f"one that is {state}": [f"UPDATE procrastinate_jobs SET status = '{state}'"]
        for state in ("failed", "aborted", "cancelled", "succeeded")
    },
}


@pytest.mark.parametrize("status", ["queued", "running"])
@pytest.mark.parametrize("jobs", JOBS)
def test_a_run_that_nobody_holds_is_taken_up_again_whatever_its_jobs_say(
    create: Create, jobs: str, status: str
) -> None:
    row = create()
    if status == "running":
        lost(row)
    for statement in JOBS[jobs]:
        sql(statement)
    reaping.reap()
    reaping.reap()
    assert waiting(row.pk) == 1
    assert fetched() == {"run_id": row.pk}


def test_a_run_that_is_held_or_at_rest_is_left_alone(create: Create) -> None:
    held, paused = create(), create()
    Run.objects.filter(pk=held.pk).update(status="running", heard_at=Now(), wish="cancel")
    controls.pause(paused.pk)
    sql("DELETE FROM procrastinate_jobs")
    assert reaping.reap() == 0
    assert (again(held).status, again(paused).status) == ("running", "paused")


def test_two_reapers_in_the_same_milliseconds_leave_one_job(create: Create) -> None:
    row = lost(create())
    for _ in range(TRIES):
        sql("DELETE FROM procrastinate_jobs")
        at_once(reaping.reap, reaping.reap)
        assert waiting(row.pk) == 1


def test_a_resume_and_a_reaper_in_the_same_milliseconds_leave_one_job(create: Create) -> None:
    row = create()
    for _ in range(TRIES):
        Run.objects.filter(pk=row.pk).update(status="running", wish="pause", heard_at=LONG_AGO)
        sql("DELETE FROM procrastinate_jobs")
        at_once(partial(controls.resume, row.pk), reaping.reap)
        reaping.reap()  # what was paused a moment before it was resumed waits for a worker, too
        assert again(row).wish == "run"
        assert waiting(row.pk) == 1


def taking(rows: QuerySet[Run], takers: list[bool]) -> None:
    takers.append(ownership.take(rows))


def test_one_of_many_workers_takes_a_run(create: Create) -> None:
    row = create()
    for _ in range(TRIES):
        before = lost(row).epoch
        takers: list[bool] = []
        rows = Run.objects.filter(pk=row.pk)
        at_once(*[partial(taking, rows, takers)] * 4)
        assert sorted(takers) == [False, False, False, True]
        assert again(row).epoch == before + 1


# --- Wishes ---------------------------------------------------------------------------------------


def call_out(row: Run) -> None:
    """A call that the dead worker had out."""
    with ownership.connect() as own, own.cursor() as cursor:
        owner = Owner(row.pk, row.epoch, row.namespace)
        Ledger(owner).apply(cursor, (), [Wanted("k", CALL, 1, 70)])


@pytest.mark.parametrize(
    ("wish", "status", "reason"),
    [(controls.cancel, "cancelled", "cancelled"), (controls.pause, "paused", "")],
)
def test_what_is_wished_of_a_run_that_nobody_holds_is_done_at_once(
    create: Create, wish: Callable[[int], None], status: str, reason: str
) -> None:
    row = lost(create())
    call_out(row)
    wish(row.pk)
    row = again(row)
    assert (row.status, row.stop_reason, row.heard_at) == (status, reason, None)
    assert (row.ended_at is not None) == (status == "cancelled")
    # The call may have been paid, and its worker may write nothing when it wakes.
    assert (row.held_calls, row.held_cost, row.used_calls, row.used_cost) == (0, 0, 1, 70)
    assert (Completion.objects.get().state, row.epoch) == ("doubt", 2)
    assert reaping.reap() == 0


@pytest.mark.parametrize(("wish", "status"), [("cancel", "cancelled"), ("pause", "paused")])
def test_what_was_wished_before_the_worker_died_is_done_by_the_others(
    create: Create, wish: str, status: str
) -> None:
    row = lost(create())
    sql("DELETE FROM procrastinate_jobs")
    Run.objects.filter(pk=row.pk).update(wish=wish)
    at_once(reaping.reap, reaping.reap)
    assert again(row).status == status
    assert waiting(row.pk) == 0


def test_a_run_whose_worker_lives_hears_the_wish_from_its_row(create: Create) -> None:
    row = create()
    Run.objects.filter(pk=row.pk).update(status="running", heard_at=Now(), epoch=1)
    controls.cancel(row.pk)
    assert (again(row).status, again(row).wish, again(row).epoch) == ("running", "cancel", 1)


# --- Short jobs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [start_tryout, start_measurement])
def test_a_short_run_that_is_lost_is_begun_again_and_gets_an_end_after_three_times(
    spec: RunSpec, start: Callable[[RunSpec], Run]
) -> None:
    row = start(spec)
    for begun in range(1, 4):
        sql("DELETE FROM procrastinate_jobs")
        reaping.reap()
        assert waiting(row.pk) == 1
        assert fetched() == {"run_id": row.pk}
        assert ownership.take(Run.objects.filter(pk=row.pk))
        reaping.reap()  # its worker lives
        assert (again(row).active, waiting(row.pk)) == (True, 0)
        Run.objects.filter(pk=row.pk).update(heard_at=LONG_AGO)
        assert again(row).epoch == begun
    at_once(reaping.reap, reaping.reap)
    found = again(row)
    assert (found.status, waiting(row.pk)) == ("failed", 0)
    assert "3 times" in told(found.message)
    assert found.ended_at is not None


def test_a_test_of_a_provider_whose_worker_is_gone_is_made_by_another(provider: Provider) -> None:
    row = model_checks.start(provider)
    sql("DELETE FROM procrastinate_jobs")
    reaping.reap()
    assert waiting(row.pk) == 1
    assert model_checks.latest(provider).state == "waiting"
    assert again(held(row, ScriptedLM(script=lambda call: "ready"))).status == "finished"
    provider.refresh_from_db()
    assert model_checks.latest(provider).state == "works"


def test_a_job_of_an_earlier_release_whose_task_is_gone_is_dropped(create: Create) -> None:
    sql(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) "
        "VALUES ('quick', 'try_program', '{}', 'todo')"
    )
    reaping.reap()
    sql("DELETE FROM procrastinate_jobs WHERE queue_name <> 'quick'")
    assert not ProcrastinateJob.objects.exists()

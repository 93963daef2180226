"""Who carries a run on: never nobody, never two, whatever became of the worker and its jobs."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from optimizer.jobs import controls
from optimizer.models import Provider, Run
from tests.fakes.openai_server import OpenAIServer
from tests.faults import table
from tests.faults.memory import Watch
from tests.faults.workers import Workers, ended, forget, told, until, workers
from tests.optimizer.conftest import Create
from tests.optimizer.test_worker import LEFT

TAKEN_OVER_SECONDS = 30.0
"""What is promised: after so long a silence another worker goes on."""


@pytest.fixture
def server(provider: Provider):
    with OpenAIServer(seconds=0.1) as running:
        provider.api_base = running.url
        provider.save()
        yield running


@pytest.fixture
def crew(watch: Watch, tmp_path: Path):
    with workers(tmp_path / "worker.log", watch) as started:
        yield started


def test_a_run_that_was_paused_and_resumed_when_its_worker_is_killed_goes_on(
    whole: bool, create: Create, server: OpenAIServer, crew: Workers
) -> None:
    tries = 5 if whole else 1
    with table.row("jobs", "pause, resume at once, kill -9") as row:
        for _ in range(tries):
            run = create()
            process = crew.start()
            until(lambda: len(server.requests) > 20)
            controls.pause(run.pk)
            controls.resume(run.pk)
            assert _waiting_jobs(run) <= 1
            crew.kill(process)
            crew.start()
            until(lambda run=run: ended(run), what="the end of the run")
            assert run.status == "finished", crew.words()
            crew.end()
            forget(run)
            server.requests.clear()
            row.tries += 1
        row.result = "every run goes on and finishes"


def test_a_frozen_worker_loses_its_run_to_another_and_writes_nothing_when_it_wakes(
    whole: bool, create: Create, server: OpenAIServer, crew: Workers
) -> None:
    tries = 3 if whole else 1
    with table.row("worker", "frozen (SIGSTOP) while another waits, then woken") as row:
        waits = []
        for _ in range(tries):
            run = create()
            first = crew.start()
            until(lambda: len(server.requests) > 20)
            first.send_signal(signal.SIGSTOP)
            before = Run.objects.get(pk=run.pk).epoch
            crew.start()
            newer = lambda run=run, before=before: Run.objects.get(pk=run.pk).epoch > before  # noqa: E731
            waits.append(until(newer, TAKEN_OVER_SECONDS + 15, "another worker taking over"))
            first.send_signal(signal.SIGCONT)
            until(lambda run=run: ended(run), what="the end of the run")
            assert run.status == "finished", crew.words()
            finished = told(run)
            assert first.poll() is None
            until(lambda: b"" != None and _has_left(crew), 10, "the first worker leaving")
            assert told(run) == finished
            crew.end()
            forget(run)
            server.requests.clear()
            row.tries += 1
        row.result = f"another goes on after at most {max(waits):.0f} s; the old one writes nothing"
        assert max(waits) < TAKEN_OVER_SECONDS + 5


def test_a_run_whose_worker_was_killed_is_cancelled_with_and_without_another(
    create: Create, server: OpenAIServer, crew: Workers
) -> None:
    with table.row("jobs", "cancel right after kill -9; cancel while no worker is there") as row:
        for wait, another in ((0.0, True), (settings.LEASE_SECONDS + 1, False)):
            run = create()
            process = crew.start()
            until(lambda: len(server.requests) > 20)
            crew.kill(process)
            time.sleep(wait)  # the silence itself
            controls.cancel(run.pk)
            if another:
                crew.start()
            until(lambda run=run: ended(run), TAKEN_OVER_SECONDS, "the cancelled end")
            assert run.status == "cancelled"
            crew.end()
            forget(run)
            server.requests.clear()
            row.tries += 1
        row.result = "cancelled by the next worker, or at once"


def test_a_run_whose_jobs_are_all_gone_goes_on(
    create: Create, server: OpenAIServer, crew: Workers
) -> None:
    with table.row("jobs", "all jobs deleted, worker killed") as row:
        run = create()
        process = crew.start()
        until(lambda: len(server.requests) > 20)
        crew.kill(process)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_events; DELETE FROM procrastinate_jobs")
        crew.start()
        until(lambda: ended(run), what="the end of the run")
        assert run.status == "finished", crew.words()
        row.tries, row.result = 1, "the run goes on and finishes"


def _waiting_jobs(run: Run) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' "
            "AND task_name = 'optimize_run' AND (args->>'run_id')::int = %s",
            [run.pk],
        )
        return cursor.fetchone()[0]


def _has_left(crew: Workers) -> bool:
    return any(words in crew.words() for words in LEFT)

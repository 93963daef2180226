"""The database ends in the middle of a run: what it had said stays, and the run goes on."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from django.db import connections

from optimizer.core.optimizers import DEFAULT
from optimizer.models import Provider
from promptlab.launch.postgres import Cluster
from tests.fakes.openai_server import OpenAIServer
from tests.faults import table
from tests.faults.conftest import running
from tests.faults.memory import Watch
from tests.faults.workers import (
    Undisturbed,
    books_are_right,
    ended,
    forget,
    told,
    until,
    workers,
)
from tests.optimizer.conftest import Create

AT_ONCE = 8 + 2


def test_a_run_goes_on_after_its_database_was_killed(
    whole: bool, create: Create, provider: Provider, cluster: Cluster, watch: Watch, tmp_path: Path
) -> None:
    kills, rng = (10 if whole else 2), random.Random(4)
    with (
        table.row("Postgres", "kill -9, away for 0 to 3 s, started again") as row,
        OpenAIServer(seconds=0.05) as server,
        workers(tmp_path / "worker.log", watch) as crew,
    ):
        provider.api_base = server.url
        provider.save()
        run = create(optimizer=DEFAULT, seed=1)
        process = crew.start()
        until(lambda: ended(run))
        expected = Undisturbed(told(run), len(server.requests))
        forget(run)
        server.requests.clear()

        run = create(optimizer=DEFAULT, seed=1)
        for number in range(1, kills + 1):
            target = number * expected.calls // (kills + 1)
            until(lambda target=target: len(server.sent()) >= target or ended(run))
            _kill(cluster, rng.uniform(0, 3))
        until(lambda: ended(run), what="the end of the run")
        assert process.poll() is None, "the worker ended with the database"
        assert told(run) == expected.told, crew.words()
        twice = books_are_right(run, server, expected.calls, kills, AT_ONCE)
        row.tries = kills
        row.result = f"same best, scores and events; {twice} calls sent twice, the worker stays"


def _kill(cluster: Cluster, away: float) -> None:
    os.kill(running(cluster).pid, signal.SIGKILL)
    connections.close_all()
    time.sleep(away)  # the fault itself: nobody answers for so long
    cluster.ensure_running()

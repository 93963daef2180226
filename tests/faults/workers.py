"""Worker processes as they are started in earnest, and runs compared with undisturbed ones."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from optimizer.models import Completion, Outcome, Run, RunEvent
from tests.fakes.openai_server import OpenAIServer
from tests.faults.memory import Watch

CHECKOUT = Path(__file__).parents[2]
PATIENCE = 120.0
LOOK_SECONDS = 0.02


@dataclass
class Workers:
    """Starts worker processes on the test's database, and ends those that are left."""

    log: Path
    watch: Watch
    environ: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, **environ: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "worker"],
                cwd=CHECKOUT, env={**environment(), **self.environ, **environ},
                stdout=output, stderr=output,
            )  # fmt: skip
        self.watch.add(process.pid)
        self.started.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        """Kill what still runs; a frozen process is killed as well."""
        for process in self.started:
            if process.poll() is None:
                self.kill(process)

    def words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


@contextmanager
def workers(log: Path, watch: Watch) -> Iterator[Workers]:
    made = Workers(log, watch)
    try:
        yield made
    finally:
        made.end()


def until(happens: Callable[[], bool], seconds: float = PATIENCE, what: str = "it") -> float:
    """Look until it happens; the seconds that it took. A database that is away is waited for."""
    begun = time.monotonic()
    while True:
        try:
            if happens():
                return time.monotonic() - begun
        except (DatabaseError, InterfaceError):
            connection.close()
        assert time.monotonic() - begun < seconds, f"{what} did not happen in {seconds:.0f} s"
        time.sleep(LOOK_SECONDS)  # another process is waited for


def ended(row: Run) -> bool:
    close_old_connections()
    row.refresh_from_db()
    return row.ended


def told(row: Run) -> dict[str, object]:
    """All that a run has to tell in the end: the same for the same seed, whatever happened."""
    row.refresh_from_db()
    events = RunEvent.objects.filter(run=row).order_by("seq").values_list("kind", "data")
    outcomes = (
        Outcome.objects.filter(exchange__run=row)
        .order_by("exchange__seq", "position")
        .values_list("exchange__seq", "position", "score", "error")
    )
    trials = row.trials.order_by("number").values_list("number", "full", "size", "mean")
    return {
        "status": row.status,
        "best": row.best_candidate and row.best_candidate.digest,
        "scores": [row.baseline_score, row.best_score, row.comparison, row.test_result],
        "trials": list(trials),
        "events": _digest(list(events)),
        "outcomes": _digest(list(outcomes)),
    }


def forget(row: Run) -> None:
    """As if the run and what was paid for it had never been."""
    Run.objects.filter(pk=row.pk).delete()
    Completion.objects.all().delete()


@dataclass(frozen=True)
class Undisturbed:
    """How a run ends when nothing happens, and the calls that it takes."""

    told: dict[str, object]
    calls: int


def books_are_right(row: Run, server: OpenAIServer, calls: int, kills: int, at_once: int) -> int:
    """Check a run's books against the server's count; returns how many calls were sent twice.

    Nothing that was answered and kept may be asked again; what was out at a kill may, once.
    `calls` are those of an undisturbed run, in which several draws of one prompt may look alike.
    """
    row.refresh_from_db()
    twice = len(server.requests) - calls
    assert twice >= 0
    doubts = sum(Completion.objects.filter(run=row).values_list("doubts", flat=True))
    assert twice <= doubts, f"{twice} calls were sent twice, {doubts} were in doubt"
    assert doubts <= kills * at_once
    assert row.used_calls >= len(server.requests)
    assert (row.held_calls, row.held_cost) == (0, 0)
    return twice


def _digest(rows: list[object]) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()


def environment() -> dict[str, str]:
    database = connection.settings_dict
    login = f"{quote(str(database['USER']))}:{quote(str(database['PASSWORD']))}"
    return {
        **os.environ,
        "DATABASE_URL": (
            f"postgresql://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        ),
        "DJANGO_SETTINGS_MODULE": "promptlab.settings",
        "PROMPTLAB_TESTING": "1",
        "PROMPTLAB_HOME": os.environ.get("PROMPTLAB_TEST_HOME") or os.environ["PROMPTLAB_HOME"],
    }

"""A database that is away, or cannot write, for long: what was paid waits in the worker."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, OperationalError
from pytest_django import Settings

from optimizer.jobs import worker
from optimizer.lm.ledger import Ledger
from optimizer.running import commit_thread
from tests.fakes.scripted_lm import ScriptedLM
from tests.optimizer.conftest import Create, again, carry_on

ATTEMPTS = 40
APPLY = Ledger.apply


def failing(error: type[Exception], while_: Callable[[int], bool]) -> Callable[..., Any]:
    """The ledger, on a database that cannot write at some of the attempts."""
    attempts = 0

    def apply(*arguments: Any, **options: Any) -> Any:
        nonlocal attempts
        attempts += 1
        if while_(attempts):
            raise error("could not extend file: No space left on device")
        return APPLY(*arguments, **options)

    return apply


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No patience at all once the process is to end, and little time between attempts."""
    monkeypatch.setattr(commit_thread, "PATIENCE_SECONDS", 0.02)
    monkeypatch.setattr(commit_thread, "RETRY_SECONDS", 0.01)


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.DiskFull,
        psycopg.errors.CannotConnectNow,
        psycopg.errors.ReadOnlySqlTransaction,
        psycopg.OperationalError,
    ],
)
def test_a_run_waits_for_its_database_and_pays_for_nothing_twice(
    create: Create, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(Ledger, "apply", failing(error, lambda n: 10 < n <= 10 + ATTEMPTS))
    lm = ScriptedLM()
    row = carry_on(create(), lm)
    assert row.status == "finished"
    assert set(lm.sent().values()) == {1}
    assert row.used_calls == len(lm.calls)
    assert not row.completions.exclude(state="settled").exists()


def test_a_worker_that_is_to_end_does_not_wait_for_ever(
    create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = threading.Event()

    def full(attempt: int) -> bool:
        if attempt == 10 + ATTEMPTS:
            stopping.set()
        return attempt > 10

    monkeypatch.setattr(Ledger, "apply", failing(psycopg.errors.DiskFull, full))
    row = create()
    with pytest.raises((psycopg.Error, DatabaseError)):
        carry_on(row, ScriptedLM(), stopping=stopping)
    assert again(row).active


async def test_after_an_outage_whoever_holds_a_run_has_a_lease_to_be_heard(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    said: list[tuple[str, float]] = []
    again = asyncio.Event()
    loop = asyncio.get_running_loop()

    def reap() -> None:
        said.append(("reaps", time.monotonic()))
        if len(said) == 1:
            raise OperationalError("connection refused")
        loop.call_soon_threadsafe(again.set)

    def answers() -> None:
        said.append(("asks", time.monotonic()))
        if len(said) < 4:
            raise OperationalError("connection refused")

    settings.LEASE_SECONDS = 1
    monkeypatch.setattr(worker, "reap", reap)
    monkeypatch.setattr(worker, "_answers", answers)
    monkeypatch.setattr(worker, "_with_connection", lambda job: job)
    monkeypatch.setattr(worker, "REAP_SECONDS", 0.01)
    reaping = asyncio.create_task(worker.Worker(1)._reap_for_ever())
    await asyncio.wait_for(again.wait(), 20)
    reaping.cancel()

    assert [what for what, _ in said[:5]] == ["reaps", "asks", "asks", "asks", "reaps"]
    assert said[4][1] - said[3][1] >= 1

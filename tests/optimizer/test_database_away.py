"""A database that is away, or cannot write, for long: what was paid waits in the worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError

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

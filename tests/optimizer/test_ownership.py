"""A lease: kept by a beating heart alone, lost by silence, and of no use to who wakes too late."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings

from optimizer import ownership
from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.search.search import NewSearch
from optimizer.lm.call import LMCall
from optimizer.models import Completion, Provider, Run
from optimizer.ownership import Owner
from optimizer.running import evaluator, outcomes
from optimizer.running.commit_thread import AWAY
from optimizer.running.outcomes import Scored
from tests.evaluations import held, start_tryout
from tests.fakes.scripted_lm import ScriptedLM, by_skill
from tests.fakes.telling import told
from tests.optimizer.conftest import Create, again, carry_on, elsewhere


def owned(row: Run) -> bool:
    return Run.objects.filter(ownership.owned(), pk=row.pk).exists()


@pytest.mark.parametrize(
    ("heard", "is_owned"),
    [
        (None, False),
        (timedelta(0), True),
        (timedelta(seconds=-9), True),
        (timedelta(seconds=-11), False),
        (timedelta(hours=1), False),
    ],
    ids=["by nobody", "now", "a moment ago", "too long ago", "before the clock was set back"],
)
def test_a_run_is_owned_as_long_as_its_owner_is_heard(
    create: Create, heard: timedelta | None, is_owned: bool
) -> None:
    row = create()
    at = None if heard is None else Now() + heard
    Run.objects.filter(pk=row.pk).update(epoch=2, heard_at=at)
    assert owned(row) is is_owned
    with ownership.connect() as own, own.cursor() as cursor:
        assert Owner(row.pk, 2).alive(cursor) is is_owned
        assert not Owner(row.pk, 1).alive(cursor)
        assert not Owner(row.pk + 1, 2).alive(cursor)
    assert ownership.take(Run.objects.filter(pk=row.pk)) is not is_owned


class Thinking:
    """An optimizer that computes for a while, without a pause, before each of its first steps."""

    def __init__(self, seconds: float, steps: int) -> None:
        self._seconds, self._left = seconds, steps
        self.optimizers = {"mipro": replace(OPTIMIZERS["mipro"], converse=self._converse)}

    def _converse(self, spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
        inner = OPTIMIZERS["mipro"].converse(spec, new_search)
        turn = next(inner)
        try:
            while True:
                until = time.monotonic() + (self._seconds if self._left > 0 else 0)
                self._left -= 1
                while time.monotonic() < until:
                    sum(range(1000))
                answer = yield turn
                turn = inner.send(answer)
        except StopIteration as end:
            result: Result = end.value
            return result


def test_a_lease_is_kept_while_the_optimizer_computes(create: Create, settings: Settings) -> None:
    settings.LEASE_SECONDS = 4
    row, done, seen = create(), threading.Event(), []

    def watch() -> None:
        while not done.wait(0.05):
            found = again(row)
            if found.status == "running":
                seen.append(owned(row))

    watching = threading.Thread(target=elsewhere, args=(watch,))
    watching.start()
    try:
        ended = carry_on(row, ScriptedLM(), optimizers=Thinking(5, steps=1).optimizers)
    finally:
        done.set()
        watching.join()
    assert ended.status == "finished"
    assert len(seen) > 20
    assert all(seen)


def test_the_database_ends_a_session_that_stands_still_within_a_transaction(
    create: Create, settings: Settings
) -> None:
    """A worker that is frozen there would keep the run from whoever wants to take it."""
    settings.LEASE_SECONDS = 2
    row = create()
    Run.objects.filter(pk=row.pk).update(epoch=1)
    frozen = ownership.connect()
    frozen.execute("SELECT 1 FROM optimizer_run WHERE id = %s FOR UPDATE", [row.pk])
    asked = time.monotonic()
    assert ownership.take(Run.objects.filter(pk=row.pk))
    assert time.monotonic() - asked < 10
    with pytest.raises(AWAY):
        frozen.execute("SELECT 1")
    frozen.close()


def test_a_writer_that_stood_still_within_a_transaction_goes_on(
    create: Create, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEASE_SECONDS = 2
    insert, asleep = outcomes.insert, [3.0]

    def falling_asleep(cursor: psycopg.Cursor[Any], scored: Sequence[Scored]) -> None:
        if scored and asleep:
            time.sleep(asleep.pop())  # with the run's row locked
        insert(cursor, scored)

    monkeypatch.setattr(outcomes, "insert", falling_asleep)
    lm = ScriptedLM()
    row = carry_on(create(), lm)
    assert (row.status, row.epoch, row.used_calls) == ("finished", 1, len(lm.calls))
    assert set(lm.sent().values()) == {1}


def test_the_sessions_of_a_worker_are_bound_too(transactional_db: None, settings: Settings) -> None:
    settings.LEASE_SECONDS = 7
    told: list[str] = []

    def bound() -> None:
        ownership.bound(connection)
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            told.append(cursor.fetchone()[0])

    elsewhere(bound)
    assert told == ["3500ms"]


def test_who_wakes_too_late_sends_nothing_more(
    create: Create, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that were granted wait for a place: after the sleep they are another owner's."""
    Provider.objects.filter(pk=provider.pk).update(concurrency=2)
    row, asleep = create(), 3600.0
    awake = ownership.clock

    def falling_asleep(call: LMCall) -> str:
        if lm.answering == 20:
            elsewhere(lambda: Run.objects.filter(pk=row.pk).update(epoch=7, heard_at=Now()))
            monkeypatch.setattr(ownership, "clock", lambda: awake() + asleep)
        return by_skill(call)

    lm = ScriptedLM(script=falling_asleep, seconds=0.01)
    ended = carry_on(row, lm)
    assert (ended.status, ended.epoch) == ("running", 7)
    assert len(lm.calls) <= 21  # the one beside it was out already


def test_a_tryout_that_another_worker_has_now_writes_nothing_more(spec: RunSpec) -> None:
    row = start_tryout(spec)
    rows = Run.objects.filter(pk=row.pk)

    def waking_late(call: LMCall) -> str:
        elsewhere(lambda: rows.update(epoch=2, heard_at=Now()))
        return by_skill(call)

    held(row, ScriptedLM(script=waking_late))
    assert (rows.get().status, rows.get().epoch) == ("running", 2)
    assert Completion.objects.get().state == "reserved"
    rows.update(heard_at=None)
    held(row, ScriptedLM())
    assert (rows.get().status, rows.get().heard_at) == ("finished", None)
    assert (Completion.objects.get().attempt, Completion.objects.get().doubt_cost > 0) == (2, True)


def test_an_error_of_ours_ends_a_tryout(spec: RunSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    row = start_tryout(spec)

    async def broken(*_: object) -> None:
        raise ZeroDivisionError("key=sk-CANARY-0123456789")

    monkeypatch.setattr(evaluator, "run_example", broken)
    with pytest.raises(ZeroDivisionError):
        held(row, ScriptedLM())
    row.refresh_from_db()
    assert (row.status, row.heard_at) == ("failed", None)
    assert "ZeroDivisionError" in told(row.message)
    assert "CANARY" not in told(row.message) + row.said

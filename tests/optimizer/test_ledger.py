"""The ledger against a model of it: whatever happens in whatever order, sums and caps hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as check
from pytest_django import DjangoDbBlocker

from optimizer import ownership
from optimizer.core.programs.lm import Message, Reply, Role
from optimizer.lm import overruns
from optimizer.lm.call import LMCall
from optimizer.lm.failures import CallFailed, Charge, NoReply, ServerFailed, Unreachable
from optimizer.lm.ledger import Answer, Closing, Entered, Ledger
from optimizer.lm.paid import RESENDS, Wanted
from optimizer.models import Completion, ExampleSet, Run
from optimizer.ownership import Owner, Superseded

CALL = LMCall("m", Role.TASK, (Message("user", "hello"),), None, 0.0, 10)
KEYS = [f"key{n}" for n in range(6)]
FAILURES: list[CallFailed] = [Unreachable("no"), ServerFailed("oops"), NoReply("gone")]


def new_run(max_calls: int | None = None, max_cost: int | None = None) -> Run:
    examples, _ = ExampleSet.objects.get_or_create(
        digest="none", defaults={"examples": [], "count": 0}
    )
    return Run.objects.create(
        spec={}, namespace="n", optimizer="mipro", train=examples, validation=examples,
        status="running", max_calls=max_calls, max_cost=max_cost,
    )  # fmt: skip


class Party:
    """A run with its own connection and lock, as its worker has them."""

    def __init__(self, row: Run) -> None:
        self.row = row
        self.connection: psycopg.Connection[Any] | None = None
        self.restart()

    def restart(self) -> int:
        """Begin a new epoch; returns how many calls were in doubt."""
        self.die()
        Run.objects.filter(pk=self.row.pk).update(epoch=self.row.epoch + 1)
        self.row.refresh_from_db()
        owner = Owner("run", self.row.pk, self.row.epoch, "n")
        self.connection = ownership.take(owner)
        self.ledger = Ledger(owner)
        with self.connection.transaction(), self.connection.cursor() as cursor:
            return self.ledger.recover(cursor)

    def die(self) -> None:
        if self.connection is not None:
            backend = self.connection.info.backend_pid
            self.connection.close()
            self.connection = None
            _until_gone(backend)

    def apply(
        self, *wanted: Wanted, closings: tuple[Closing, ...] = (), paying: bool = True
    ) -> Entered:
        assert self.connection is not None
        with self.connection.transaction(), self.connection.cursor() as cursor:
            return self.ledger.apply(cursor, closings, wanted, paying)

    def reserve(self, *wanted: Wanted, paying: bool = True) -> Mapping[str, Reply | Answer]:
        return self.apply(*wanted, paying=paying).told


def _until_gone(backend: int) -> None:
    """The server takes a moment to notice that a client is gone, and to free its locks."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend])
            if cursor.fetchone() is None:
                return


@dataclass
class Entry:
    """The model of one call."""

    state: str
    run: int
    epoch: int
    hold: int
    doubts: int = 0


@dataclass
class Sums:
    """The model of one run's account."""

    max_calls: int | None
    max_cost: int | None
    used_calls: int = 0
    used_cost: int = 0
    over_cost: int = 0
    held_calls: int = 0
    held_cost: int = 0
    reused_calls: int = 0
    epoch: int = 1
    alive: bool = True
    accepted: int | None = None

    @property
    def overrun(self) -> bool:
        """Whether something beyond the reservations is worth asking about."""
        if self.accepted is None:
            return self.over_cost > 0
        return self.over_cost > max(2 * self.accepted, overruns.WORTH_ASKING_AGAIN)

    def room(self, hold: int) -> Answer:
        used = self.used_cost + self.over_cost
        calls, cost = self.max_calls, self.max_cost
        if (calls is not None and self.used_calls >= calls) or (
            cost is not None and used + hold > cost
        ):
            return Answer.NO_FUNDS
        if (calls is not None and self.used_calls + self.held_calls >= calls) or (
            cost is not None and used + self.held_cost + hold > cost
        ):
            return Answer.LATER
        return Answer.GRANTED


@dataclass
class Books:
    """The model of the ledger."""

    sums: dict[int, Sums]
    entries: dict[str, Entry] = field(default_factory=dict)

    def reserve(self, run: int, key: str, hold: int) -> Answer | None:
        """What is told; None stands for the reply."""
        entry, sums = self.entries.get(key), self.sums[run]
        if entry and entry.state == "settled":
            sums.reused_calls += 1
            return None
        if entry and entry.state == "reserved":
            if entry.run == run:
                return Answer.GRANTED
            if self.sums[entry.run].alive:
                return Answer.BUSY
            self.doubt_all(entry.run)
        if entry and entry.state == "doubt" and entry.doubts > RESENDS and entry.run == run:
            return Answer.SENT_TOO_OFTEN if entry.epoch == sums.epoch else Answer.CUT_OFF
        told = sums.room(hold)
        if told is Answer.GRANTED:
            sums.held_calls += 1
            sums.held_cost += hold
            doubts = entry.doubts if entry and entry.run == run else 0
            self.entries[key] = Entry("reserved", run, sums.epoch, hold, doubts)
        return told

    def close(self, run: int, key: str, end: Reply | CallFailed) -> None:
        entry = self.entries[key]
        if isinstance(end, Reply):
            entry.state, calls, cost = "settled", 1, end.cost
        else:
            entry.state = "doubt" if end.charge is Charge.DOUBT else "failed"
            entry.doubts += end.charge is Charge.DOUBT
            calls = 0 if end.charge is Charge.NOTHING else 1
            cost = entry.hold if end.charge is Charge.DOUBT else 0
        self._use(self.sums[run], entry.hold, cost, calls)

    def doubt_all(self, run: int) -> None:
        for entry in self.entries.values():
            if entry.state == "reserved" and entry.run == run:
                entry.state = "doubt"
                entry.doubts += 1
                self._use(self.sums[run], entry.hold, entry.hold, 1)

    def _use(self, sums: Sums, hold: int, cost: int, calls: int) -> None:
        sums.held_calls -= 1
        sums.held_cost -= hold
        sums.used_calls += calls
        sums.used_cost += min(cost, hold)
        sums.over_cost += max(cost - hold, 0)


class LedgerMachine(RuleBasedStateMachine):
    """Two runs of one namespace, one with caps, that reserve, settle, fail, die and come back."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = {0: new_run(max_calls=9, max_cost=40_000), 1: new_run()}
        self.parties = {n: Party(row) for n, row in self.rows.items()}
        self.books = Books({0: Sums(9, 40_000), 1: Sums(None, None)})

    def teardown(self) -> None:
        for party in self.parties.values():
            party.die()
        Completion.objects.all().delete()
        Run.objects.all().delete()

    def _mine(self, run: int) -> list[str]:
        return [k for k, e in self.books.entries.items() if e.state == "reserved" and e.run == run]

    @rule(run=st.sampled_from([0, 1]), key=st.sampled_from(KEYS), hold=st.integers(0, 12_000))
    def reserve(self, run: int, key: str, hold: int) -> None:
        if not self.books.sums[run].alive:
            return
        told = self.parties[run].reserve(Wanted(key, CALL, 1, hold))[key]
        expected = self.books.reserve(run, key, hold)
        assert (None if isinstance(told, Reply) else told) == expected

    @rule(
        run=st.sampled_from([0, 1]),
        cost=st.integers(0, 20_000),
        twice=st.booleans(),
        data=st.data(),
    )
    def settle(self, run: int, cost: int, twice: bool, data: st.DataObject) -> None:
        self._close(run, Reply("well", 10, 5, cost), twice, data)

    @rule(
        run=st.sampled_from([0, 1]),
        failure=st.sampled_from(FAILURES),
        twice=st.booleans(),
        data=st.data(),
    )
    def fail(self, run: int, failure: CallFailed, twice: bool, data: st.DataObject) -> None:
        self._close(run, failure, twice, data)

    def _close(self, run: int, end: Reply | CallFailed, twice: bool, data: st.DataObject) -> None:
        mine = self._mine(run)
        if not mine or not self.books.sums[run].alive:
            return
        key = data.draw(st.sampled_from(mine))
        over = isinstance(end, Reply) and end.cost > self.books.entries[key].hold
        self.books.close(run, key, end)
        entered = self.parties[run].apply(closings=(Closing(key, end),))
        assert (entered.overrun is not None) == (over and self.books.sums[run].overrun)
        if twice:  # a lost connection makes the writer enter it again
            self.parties[run].apply(closings=(Closing(key, end),))

    @rule(run=st.sampled_from([0, 1]))
    def die(self, run: int) -> None:
        self.parties[run].die()
        self.books.sums[run].alive = False

    @rule(run=st.sampled_from([0, 1]))
    def restart(self, run: int) -> None:
        self.parties[run].restart()
        self.books.doubt_all(run)
        self.books.sums[run].alive = True
        self.books.sums[run].epoch += 1

    @precondition(lambda self: self.books.sums[0].alive)
    @rule(more=st.integers(1, 5))
    def raise_cap(self, more: int) -> None:
        sums = self.books.sums[0]
        assert sums.max_calls is not None
        sums.max_calls += more
        Run.objects.filter(pk=self.rows[0].pk).update(max_calls=sums.max_calls)

    @rule(run=st.sampled_from([0, 1]))
    def accept(self, run: int) -> None:
        sums = self.books.sums[run]
        overruns.accept(self.rows[run].pk)
        sums.accepted = sums.over_cost if sums.over_cost else sums.accepted

    @invariant()
    def the_rows_say_what_the_model_says(self) -> None:
        for number, sums in self.books.sums.items():
            row = Run.objects.get(pk=self.rows[number].pk)
            names = ("used_calls", "used_cost", "over_cost", "held_calls", "held_cost")
            assert [getattr(row, n) for n in names] == [getattr(sums, n) for n in names]
            assert row.reused_calls == sums.reused_calls
            if row.max_calls is not None and row.max_cost is not None:
                assert row.used_calls + row.held_calls <= row.max_calls
                assert row.used_cost + row.held_cost <= row.max_cost
        found = Completion.objects.values_list("key", "state", "doubts")
        states = {key: (state, doubts) for key, state, doubts in found}
        assert states == {k: (e.state, e.doubts) for k, e in self.books.entries.items()}


def test_the_ledger_agrees_with_its_model_whatever_happens(transactional_db: None) -> None:
    check(
        LedgerMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def capped(transactional_db: None) -> Iterator[Party]:
    party = Party(new_run(max_calls=50, max_cost=5_000))
    yield party
    party.die()


def test_many_at_once_never_pass_a_cap(capped: Party, django_db_blocker: DjangoDbBlocker) -> None:
    """Sixteen threads, each with a connection of its own, want far more than there is."""
    served: list[str] = []

    def greedy(number: int) -> None:
        with ownership.connect() as own:
            for turn in range(20):
                key = f"{number}-{turn}"
                with own.transaction(), own.cursor() as cursor:
                    told = capped.ledger.apply(cursor, (), [Wanted(key, CALL, 1, 90)]).told
                if told[key] is Answer.GRANTED:
                    served.append(key)
                    closing = Closing(key, Reply("well", cost=40 + number))
                    with own.transaction(), own.cursor() as cursor:
                        capped.ledger.apply(cursor, (closing,), ())

    threads = [threading.Thread(target=greedy, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = Run.objects.get(pk=capped.row.pk)
    assert row.used_calls == len(served) == 50
    assert (row.held_calls, row.held_cost) == (0, 0)
    assert row.used_cost <= 5_000


def test_an_owner_of_an_earlier_epoch_can_enter_nothing(capped: Party) -> None:
    Run.objects.filter(pk=capped.row.pk).update(epoch=99)
    with pytest.raises(Superseded):
        capped.apply(Wanted("a", CALL, 1, 10))
    assert not Completion.objects.exists()


def test_the_database_itself_refuses_to_pass_a_cap(capped: Party) -> None:
    for column, value in (("used_calls", 51), ("held_calls", 51), ("used_cost", 5_001)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Run.objects.filter(pk=capped.row.pk).update(**{column: value})


def test_without_paying_only_what_was_paid_before_is_answered(capped: Party) -> None:
    capped.apply(Wanted("a", CALL, 1, 10))
    capped.apply(closings=(Closing("a", Reply("well", cost=7)),))
    told = capped.reserve(Wanted("a", CALL, 1, 10), Wanted("b", CALL, 1, 10), paying=False)
    assert told["b"] is Answer.NO_FUNDS
    assert told["a"] == replace(Reply("well", cost=7), cached=True)

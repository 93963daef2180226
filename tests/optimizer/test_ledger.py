"""The ledger against a model of it: whatever happens in whatever order, sums and caps hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as check
from pytest_django import DjangoDbBlocker

from optimizer import ownership
from optimizer.core.problems import Refused
from optimizer.core.programs.lm import Reply
from optimizer.costs import spending
from optimizer.costs.spending import INSTALLATION, Caps
from optimizer.lm import overruns
from optimizer.lm.accounts import Answer
from optimizer.lm.entries import Closing
from optimizer.lm.failures import CallFailed, NoReply, ServerFailed, Unreachable
from optimizer.lm.paid import Wanted
from optimizer.models import AcceptedOverrun, Completion, Run, Spending, SpendingCap
from optimizer.ownership import Superseded
from tests.optimizer.ledger_model import CALL, Books, Party, Sums, as_told, new_run

KEYS = [f"key{n}" for n in range(6)]
FAILURES: list[CallFailed] = [Unreachable("no"), ServerFailed("oops"), NoReply("gone")]
COUNTS = ("used_calls", "used_cost", "over_cost", "held_calls", "held_cost")
RUNS = st.sampled_from([0, 1, 2])
PRICED = st.sampled_from([True, True, True, False])


class LedgerMachine(RuleBasedStateMachine):
    """Three runs of two namespaces, one with caps, that reserve, settle, fail, die and come back,
    below monthly caps that come and go, while months pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows = {
            0: new_run(max_calls=9, max_cost=40_000), 1: new_run(), 2: new_run(namespace="m"),
        }  # fmt: skip
        self.parties = {n: Party(row) for n, row in self.rows.items()}
        self.books = Books(
            {0: Sums(max_calls=9, max_cost=40_000), 1: Sums(), 2: Sums(namespace="m")}
        )

    def teardown(self) -> None:
        for party in self.parties.values():
            party.die()
        for model in (Completion, AcceptedOverrun, Run, Spending, SpendingCap):
            model.objects.all().delete()

    def _mine(self, run: int) -> list[str]:
        return [k for k, e in self.books.entries.items() if e.state == "reserved" and e.run == run]

    @rule(run=RUNS, key=st.sampled_from(KEYS), hold=st.integers(0, 12_000), priced=PRICED)
    def reserve(self, run: int, key: str, hold: int, priced: bool) -> None:
        if not self.books.sums[run].alive:
            return
        key, hold = f"{key}{self.books.sums[run].namespace}", hold if priced else 0
        told = self.parties[run].reserve(Wanted(key, CALL, 1, hold, priced))[key]
        assert as_told(told) == self.books.reserve(run, key, hold, priced)

    @rule(run=RUNS, cost=st.integers(0, 20_000), twice=st.booleans(), data=st.data())
    def settle(self, run: int, cost: int, twice: bool, data: st.DataObject) -> None:
        self._close(run, Reply("well", 10, 5, cost), twice, data)

    @rule(run=RUNS, failure=st.sampled_from(FAILURES), twice=st.booleans(), data=st.data())
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

    @rule(run=RUNS)
    def die(self, run: int) -> None:
        self.parties[run].die()
        self.books.sums[run].alive = False

    @rule(run=RUNS)
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

    @rule(run=RUNS)
    def accept(self, run: int) -> None:
        sums = self.books.sums[run]
        overruns.accept(self.rows[run].pk)
        sums.accepted = sums.over_cost if sums.over_cost else sums.accepted

    @rule(
        scope=st.sampled_from([INSTALLATION, "n", "m"]),
        calls=st.none() | st.integers(0, 12),
        cost=st.none() | st.integers(0, 60_000),
    )
    def cap_months(self, scope: str, calls: int | None, cost: int | None) -> None:
        caps, above = Caps(calls, cost), self.books.caps.get(INSTALLATION, Caps())
        fits = all(
            own is None or most is None or own <= most
            for own, most in ((calls, above.calls), (cost, above.cost))
        )
        if scope != INSTALLATION and not fits:
            with pytest.raises(Refused):
                spending.set_caps(scope, caps)
            return
        spending.set_caps(scope, caps)
        self.books.caps[scope] = caps

    @rule()
    def a_month_passes(self) -> None:
        """What is there gets a month older."""
        self.books.month += 1
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE optimizer_completion SET reserved_at = reserved_at - interval '1 month'"
            )
            for table in ("optimizer_spending", "optimizer_spendingcap"):
                for months in (-1200, 1199):  # no row may stand where another one still is
                    cursor.execute(f"UPDATE {table} SET month = month + interval '{months} months'")

    @invariant()
    def the_rows_say_what_the_model_says(self) -> None:
        for number, sums in self.books.sums.items():
            row = Run.objects.get(pk=self.rows[number].pk)
            assert tuple(getattr(row, name) for name in COUNTS) == sums.row()
            assert row.reused_calls == sums.reused_calls
            if row.max_calls is not None and row.max_cost is not None:
                assert row.used_calls + row.held_calls <= row.max_calls
                assert row.used_cost + row.held_cost <= row.max_cost
        found = Completion.objects.values_list("key", "state", "doubts")
        states = {key: (state, doubts) for key, state, doubts in found}
        assert states == {k: (e.state, e.doubts) for k, e in self.books.entries.items()}

    @invariant()
    def every_run_counts_by_months(self) -> None:
        number = {row.pk: n for n, row in self.rows.items()}
        found = {
            (number[row.run], self._month(row)): tuple(getattr(row, name) for name in COUNTS)
            for row in Spending.objects.all()
        }
        assert found == {at: c.row() for at, c in self.books.counted.items()}
        for run, sums in self.books.sums.items():
            mine = [row for (of, _), row in found.items() if of == run]
            assert tuple(map(sum, zip(*mine, strict=True))) == (sums.row() if mine else ())

    @invariant()
    def caps_above_count_what_is_below_them_and_hold(self) -> None:
        rows = {row.scope: row for row in SpendingCap.objects.all()}
        assert {s: Caps(r.max_calls, r.max_cost) for s, r in rows.items()} == {
            scope: caps for scope, caps in self.books.caps.items() if caps.any
        }
        for scope, row in rows.items():
            whole = self.books.of_month(scope, self._month(row)).row()
            assert tuple(getattr(row, name) for name in COUNTS) == whole
            calls, cost = row.used_calls + row.held_calls, row.used_cost + row.held_cost
            assert row.max_calls is None or calls <= max(row.max_calls, row.passed_calls)
            assert row.max_cost is None or cost <= max(row.max_cost, row.passed_cost)

    def _month(self, row: Spending | SpendingCap) -> int:
        now = spending.this_month()
        return self.books.month - 12 * (now.year - row.month.year) - (now.month - row.month.month)


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
    assert told["b"] is Answer.NO_TIME
    assert told["a"] == replace(Reply("well", cost=7), cached=True)

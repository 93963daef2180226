"""Caps of a calendar month above runs: never passed, and who meets one waits and says which."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from optimizer import ownership
from optimizer.core.problems import Conflict
from optimizer.core.programs.lm import Reply
from optimizer.costs import spending
from optimizer.costs.spending import INSTALLATION, Caps
from optimizer.lm.accounts import Answer
from optimizer.lm.entries import Closing
from optimizer.lm.failures import NoReply
from optimizer.lm.months import Reached, Unpriced
from optimizer.lm.paid import Wanted
from optimizer.models import Spending, SpendingCap
from tests.fakes.telling import refused
from tests.optimizer.conftest import elsewhere
from tests.optimizer.ledger_model import CALL, Party, new_run

PARTS = ("used_calls", "used_cost", "over_cost", "held_calls", "held_cost")


@pytest.fixture
def party(transactional_db: None) -> Iterator[Callable[..., Party]]:
    """Makes runs with their workers' connections."""
    with ExitStack() as leaving:

        def made(namespace: str = "n", **caps: int) -> Party:
            found = Party(new_run(namespace=namespace, **caps))
            leaving.callback(found.die)
            return found

        yield made


def want(key: str, hold: int = 90, priced: bool = True) -> Wanted:
    return Wanted(key, CALL, 1, hold, priced)


def told(party: Party, key: str, hold: int = 90, priced: bool = True) -> object:
    return party.reserve(want(key, hold, priced))[key]


def paid(party: Party, key: str, cost: int, hold: int = 90) -> None:
    assert told(party, key, hold) is Answer.GRANTED
    party.apply(closings=(Closing(key, Reply("well", cost=cost)),))


# --- the books ------------------------------------------------------------------------------------


def test_a_cap_holds_for_all_runs_of_a_project_together(party: Callable[..., Party]) -> None:
    one, two, elsewhere_ = party(), party(), party("m")
    spending.set_caps("n", Caps(cost=200))
    paid(one, "a", 60)
    assert told(two, "b") is Answer.GRANTED
    assert told(one, "c") is Answer.LATER  # 60 + 90 + 90: if the one that is out costs less
    two.apply(closings=(Closing("b", Reply("well", cost=90)),))
    found = told(one, "c")
    assert isinstance(found, Reached)
    assert found.scope == "n"
    assert told(elsewhere_, "d") is Answer.GRANTED


def test_the_installations_cap_holds_for_all_projects_together(party: Callable[..., Party]) -> None:
    one, two = party("n"), party("m")
    spending.set_caps(INSTALLATION, Caps(calls=2))
    spending.set_caps("m", Caps(calls=2))
    paid(one, "a", 1)
    paid(two, "b", 1)
    for run in (one, two):
        found = told(run, "c")
        assert isinstance(found, Reached)
        assert found.scope == INSTALLATION


@pytest.mark.parametrize("monthly", [1, 5])
def test_a_runs_own_cap_comes_first_and_its_later_stays_later(
    party: Callable[..., Party], monthly: int
) -> None:
    spending.set_caps("n", Caps(calls=monthly))
    run = party(max_calls=1)
    assert told(run, "a") is Answer.GRANTED
    assert told(run, "b") is Answer.LATER
    run.apply(closings=(Closing("a", Reply("well")),))
    assert told(run, "b") is Answer.NO_CALLS  # it ends with what it has: it would not go on anyway


def test_what_a_lost_call_may_have_cost_counts_above_too(party: Callable[..., Party]) -> None:
    spending.set_caps("n", Caps(cost=200))
    run = party()
    told(run, "a", 150)
    assert run.restart() == 1
    row = SpendingCap.objects.get(scope="n")
    assert (row.used_cost, row.held_cost) == (150, 0)
    assert isinstance(told(run, "b"), Reached)


def test_another_runs_lost_call_that_is_taken_over_is_counted_once(
    party: Callable[..., Party],
) -> None:
    spending.set_caps("n", Caps(cost=1_000))
    first, second = party(), party()
    told(first, "a", 150)
    first.die()
    assert told(second, "a", 150) is Answer.GRANTED
    row = SpendingCap.objects.get(scope="n")
    assert (row.used_cost, row.held_cost) == (150, 150)
    by_run = {s.run: (s.used_cost, s.held_cost) for s in Spending.objects.all()}
    assert by_run == {first.row.pk: (150, 0), second.row.pk: (0, 150)}


def test_what_costs_nothing_passes_no_cap_in_money(party: Callable[..., Party]) -> None:
    run = party()
    spending.set_caps("n", Caps(cost=100))
    paid(run, "a", 5_000)  # billed far beyond
    assert isinstance(told(run, "b", 1), Reached)
    assert told(run, "c", 0) is Answer.GRANTED


def test_a_cap_in_money_refuses_what_has_no_price_and_one_in_calls_does_not(
    party: Callable[..., Party],
) -> None:
    run = party()
    spending.set_caps("n", Caps(calls=10))
    assert told(run, "a", 0, priced=False) is Answer.GRANTED
    spending.set_caps("n", Caps(cost=10))
    found = told(run, "b", 0, priced=False)
    assert found == Unpriced("n", "m")


def test_a_cap_below_what_is_spent_stops_everything_even_what_comes_home_cheaper(
    party: Callable[..., Party],
) -> None:
    run = party()
    paid(run, "a", 80)
    told(run, "b", 90)
    spending.set_caps("n", Caps(cost=50))
    run.apply(closings=(Closing("b", Reply("well", cost=10)),))
    assert isinstance(told(run, "c", 20), Reached)
    assert spending.standing("n").cost == 90
    spending.set_caps("n", Caps(cost=200))
    assert told(run, "c", 20) is Answer.GRANTED


def test_a_cap_that_is_taken_away_and_set_again_counts_what_came_between(
    party: Callable[..., Party],
) -> None:
    run = party()
    spending.set_caps("n", Caps(calls=5))
    paid(run, "a", 1)
    spending.set_caps("n", Caps())
    assert not SpendingCap.objects.exists()
    for key in "bcd":
        paid(run, key, 1)
    spending.set_caps("n", Caps(calls=5))
    paid(run, "e", 1)
    assert isinstance(told(run, "f"), Reached)


def test_the_database_itself_refuses_to_pass_a_monthly_cap(party: Callable[..., Party]) -> None:
    spending.set_caps("n", Caps(50, 5_000))
    for column, value in (("used_calls", 51), ("held_calls", 51), ("used_cost", 5_001)):
        with pytest.raises(IntegrityError), transaction.atomic():
            SpendingCap.objects.filter(scope="n").update(**{column: value})


def test_a_projects_cap_is_never_above_the_installations(transactional_db: None) -> None:
    spending.set_caps(INSTALLATION, Caps(calls=100, cost=50_000_000))
    with refused("installation's cap is $50.00 a month"):
        spending.set_caps("n", Caps(cost=50_000_001))
    with refused("100 calls"):
        spending.set_caps("n", Caps(calls=101))
    spending.set_caps("n", Caps(100, 50_000_000))
    spending.set_caps(INSTALLATION, Caps(cost=1))  # it may go below: it stands above all the same
    assert spending.caps_of("n") == Caps(100, 50_000_000)


# --- months ---------------------------------------------------------------------------------------


def age(months: int = 1) -> None:
    """What is there gets older."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE optimizer_completion SET reserved_at = reserved_at - interval '1 month' * %s",
            [months],
        )
        for table in ("optimizer_spending", "optimizer_spendingcap"):
            cursor.execute(f"UPDATE {table} SET month = month - interval '1 month' * %s", [months])


def test_a_new_month_begins_with_nothing_spent(party: Callable[..., Party]) -> None:
    run = party()
    spending.set_caps("n", Caps(calls=1))
    paid(run, "a", 7)
    assert isinstance(told(run, "b"), Reached)
    age()
    assert told(run, "b") is Answer.GRANTED
    newest, before = spending.months_of("n")
    assert (newest.held_calls, newest.cost) == (1, 0)
    assert (before.calls, before.cost) == (1, 7)


def test_a_call_counts_in_the_month_in_which_it_was_reserved(party: Callable[..., Party]) -> None:
    run = party()
    spending.set_caps("n", Caps(calls=1))
    told(run, "a")
    age()
    run.apply(want("b"), closings=(Closing("a", Reply("well", cost=7)),))
    assert [(m.calls, m.held_calls) for m in spending.months_of("n")] == [(0, 1), (1, 0)]
    assert spending.standing("n").calls_left == 0


def test_a_worker_whose_month_is_over_a_moment_too_late_counts_in_the_new_one(
    party: Callable[..., Party],
) -> None:
    """Its transaction began in the old month, and waited for one that began in the new."""
    run = party()
    spending.set_caps("n", Caps(calls=3))
    newer = spending.this_month()
    SpendingCap.objects.update(month=date(newer.year + 1, newer.month, 1))
    paid(run, "a", 7)
    assert [m.month.year for m in spending.months_of("n")] == [newer.year + 1]
    assert SpendingCap.objects.get().used_calls == 1


# --- many at once ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "caps"), [("n", Caps(60, 50_000)), (INSTALLATION, Caps(1_000, 5_000))]
)
def test_many_runs_at_the_edge_never_pass_a_cap_and_never_stop_each_other(
    party: Callable[..., Party], scope: str, caps: Caps
) -> None:
    """Eight runs of two projects, each with its connection, want far more than there is; somebody
    watches, and somebody else changes the other cap all the time.
    """
    runs = [party("n" if scope == "n" or n % 2 else "m") for n in range(8)]
    calls, cost = caps.calls or 0, caps.cost or 0
    spending.set_caps(scope, caps)
    served: list[str] = []
    problems: list[BaseException] = []
    over = threading.Event()

    def greedy(run: Party) -> None:
        try:
            for turn in range(25):
                key = f"{run.row.pk}-{turn}"
                if told(run, key) is Answer.GRANTED:
                    served.append(key)
                    end = NoReply("gone") if turn % 5 == 4 else Reply("well", cost=40 + turn)
                    run.apply(closings=(Closing(key, end),))
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            problems.append(error)

    def watching() -> None:
        with ownership.connect() as own:
            while not over.is_set():
                found = own.execute(
                    "SELECT used_calls + held_calls, used_cost + held_cost "
                    "FROM optimizer_spendingcap WHERE scope = %s",
                    [scope],
                ).fetchone()
                own.commit()
                assert found is not None
                if found[0] > calls or found[1] > cost:
                    problems.append(AssertionError(found))

    def changing() -> None:
        other = INSTALLATION if scope == "n" else "n"
        for turn in range(20):
            elsewhere(lambda turn=turn: spending.set_caps(other, Caps(900 - turn)))  # type: ignore[misc]

    threads = [threading.Thread(target=greedy, args=(run,)) for run in runs]
    threads += [threading.Thread(target=changing)]
    watcher = threading.Thread(target=watching)
    watcher.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    watcher.join()
    assert not problems
    row = SpendingCap.objects.get(scope=scope)
    assert (row.held_calls, row.held_cost) == (0, 0)
    assert row.used_calls == len(served) <= calls
    assert row.used_cost <= cost
    # One call's upper bound is the most that is left.
    assert row.used_calls == calls or row.used_cost > cost - 90
    for cap in SpendingCap.objects.all():
        rows = Spending.objects.all()
        rows = rows if cap.scope == INSTALLATION else rows.filter(namespace=cap.scope)
        sums = {part: sum(getattr(row, part) for row in rows) for part in PARTS}
        assert {part: getattr(cap, part) for part in PARTS} == sums


def test_without_a_cap_no_run_waits_for_another(party: Callable[..., Party]) -> None:
    one, two = party(), party()
    assert one.connection is not None
    with one.connection.transaction(), one.connection.cursor() as cursor:
        one.ledger.apply(cursor, (), [want("a")])  # and the transaction stays open
        assert told(two, "b") is Answer.GRANTED


def test_setting_a_cap_waits_for_whoever_counts_and_says_so_when_that_takes_too_long(
    party: Callable[..., Party], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spending, "PATIENCE_MS", 50)
    run = party()
    assert run.connection is not None
    with run.connection.transaction(), run.connection.cursor() as cursor:
        run.ledger.apply(cursor, (), [want("a")])
        with refused("try it again", kind=Conflict):
            spending.set_caps("n", Caps(calls=1))
    spending.set_caps("n", Caps(calls=1))
    assert SpendingCap.objects.get().held_calls == 1

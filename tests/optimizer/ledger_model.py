"""A small model of the ledger, and runs with their connections to hold it against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
from django.utils import timezone

from optimizer import ownership
from optimizer.core.programs.lm import Message, Reply, Role
from optimizer.costs.spending import INSTALLATION, Caps
from optimizer.lm import overruns
from optimizer.lm.accounts import SPENT, Answer
from optimizer.lm.call import LMCall
from optimizer.lm.entries import Closing
from optimizer.lm.failures import CallFailed, Charge
from optimizer.lm.ledger import Entered, Ledger, Told
from optimizer.lm.months import Reached, Unpriced
from optimizer.lm.paid import RESENDS, Wanted
from optimizer.models import ExampleSet, Run
from optimizer.ownership import Owner

CALL = LMCall("m", Role.TASK, (Message("user", "hello"),), None, 0.0, 10)


def new_run(max_calls: int | None = None, max_cost: int | None = None, namespace: str = "n") -> Run:
    examples, _ = ExampleSet.objects.get_or_create(
        digest="none", defaults={"examples": [], "count": 0}
    )
    return Run.objects.create(
        spec={}, namespace=namespace, optimizer="mipro", train=examples, validation=examples,
        status="running", max_calls=max_calls, max_cost=max_cost,
    )  # fmt: skip


class Party:
    """A run with its own connection and lease, as its worker has them."""

    def __init__(self, row: Run) -> None:
        self.row = row
        self.connection: psycopg.Connection[Any] | None = None
        self.restart()

    def restart(self) -> int:
        """Begin a new epoch; returns how many calls were in doubt."""
        self.die()
        assert ownership.take(Run.objects.filter(pk=self.row.pk))
        self.row.refresh_from_db()
        owner = Owner(self.row.pk, self.row.epoch, self.row.namespace)
        self.connection = ownership.connect()
        self.ledger = Ledger(owner)
        with self.connection.transaction(), self.connection.cursor() as cursor:
            return self.ledger.recover(cursor)

    def die(self) -> None:
        """As if it had said nothing for a long time."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
            long_ago = timezone.now() - timedelta(minutes=1)
            Run.objects.filter(pk=self.row.pk).update(heard_at=long_ago)

    def apply(
        self, *wanted: Wanted, closings: tuple[Closing, ...] = (), paying: bool = True
    ) -> Entered:
        assert self.connection is not None
        with self.connection.transaction(), self.connection.cursor() as cursor:
            return self.ledger.apply(cursor, closings, wanted, paying)

    def reserve(self, *wanted: Wanted, paying: bool = True) -> Mapping[str, Told]:
        return self.apply(*wanted, paying=paying).told


@dataclass
class Entry:
    """The model of one call."""

    state: str
    run: int
    epoch: int
    hold: int
    month: int
    doubts: int = 0


@dataclass
class Count:
    """Sums, by the definition of each."""

    used_calls: int = 0
    used_cost: int = 0
    over_cost: int = 0
    held_calls: int = 0
    held_cost: int = 0

    def use(self, hold: int, cost: int, calls: int) -> None:
        self.held_calls -= 1
        self.held_cost -= hold
        self.used_calls += calls
        self.used_cost += min(cost, hold)
        self.over_cost += max(cost - hold, 0)

    def hold(self, cost: int) -> None:
        self.held_calls += 1
        self.held_cost += cost

    def row(self) -> tuple[int, ...]:
        return (
            self.used_calls, self.used_cost, self.over_cost, self.held_calls, self.held_cost,
        )  # fmt: skip


@dataclass
class Sums(Count):
    """The model of one run's account."""

    max_calls: int | None = None
    max_cost: int | None = None
    namespace: str = "n"
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


def room(count: Count, hold: int, calls: int | None, cost: int | None) -> Answer:
    used = count.used_cost + count.over_cost
    if calls is not None and count.used_calls >= calls:
        return Answer.NO_CALLS
    if cost is not None and used + hold > cost:
        return Answer.NO_MONEY
    if (calls is not None and count.used_calls + count.held_calls >= calls) or (
        cost is not None and used + count.held_cost + hold > cost
    ):
        return Answer.LATER
    return Answer.GRANTED


@dataclass
class Books:
    """The model of the ledger. `month` counts from 0; `counted` is by run and month."""

    sums: dict[int, Sums]
    caps: dict[str, Caps] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    month: int = 0
    counted: dict[tuple[int, int], Count] = field(default_factory=lambda: defaultdict(Count))

    def reserve(self, run: int, key: str, hold: int, priced: bool) -> object:
        """What is told; None stands for the reply, a scope for the cap above that is in the way."""
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
        told = self.room_for(run, hold, priced)
        if told is Answer.GRANTED:
            sums.hold(hold)
            self.counted[run, self.month].hold(hold)
            doubts = entry.doubts if entry and entry.run == run else 0
            self.entries[key] = Entry("reserved", run, sums.epoch, hold, self.month, doubts)
        return told

    def room_for(self, run: int, hold: int, priced: bool) -> object:
        sums = self.sums[run]
        own = room(sums, hold, sums.max_calls, sums.max_cost)
        if own in SPENT:
            return own
        later = own
        for scope in (INSTALLATION, sums.namespace):
            caps = self.caps.get(scope, Caps())
            if caps.cost is not None and not priced:
                return scope
            cost = caps.cost if hold else None
            above = room(self.of_month(scope), hold, caps.calls, cost)
            if above in SPENT:
                return scope
            later = above if above is Answer.LATER else later
        return later

    def of_month(self, scope: str, month: int | None = None) -> Count:
        """All runs of the scope together, in this month or another."""
        month = self.month if month is None else month
        whole = Count()
        for (run, at), count in self.counted.items():
            if at == month and scope in (INSTALLATION, self.sums[run].namespace):
                whole = Count(*(a + b for a, b in zip(whole.row(), count.row(), strict=True)))
        return whole

    def close(self, run: int, key: str, end: Reply | CallFailed) -> None:
        entry = self.entries[key]
        if isinstance(end, Reply):
            entry.state, calls, cost = "settled", 1, end.cost
        else:
            entry.state = "doubt" if end.charge is Charge.DOUBT else "failed"
            entry.doubts += end.charge is Charge.DOUBT
            calls = 0 if end.charge is Charge.NOTHING else 1
            cost = entry.hold if end.charge is Charge.DOUBT else 0
        self._use(entry, cost, calls)

    def doubt_all(self, run: int) -> None:
        for entry in self.entries.values():
            if entry.state == "reserved" and entry.run == run:
                entry.state = "doubt"
                entry.doubts += 1
                self._use(entry, entry.hold, 1)

    def _use(self, entry: Entry, cost: int, calls: int) -> None:
        self.sums[entry.run].use(entry.hold, cost, calls)
        self.counted[entry.run, entry.month].use(entry.hold, cost, calls)


def as_told(told: Told) -> object:
    """What the ledger told, as the model says it."""
    if isinstance(told, Reply):
        return None
    return told.scope if isinstance(told, Reached | Unpriced) else told

"""Counting by months, and the caps above runs: what a namespace, or the whole installation, may
take in a calendar month (UTC).

A call counts in the month in which it was reserved. Each run counts in rows of its own (Spending).
Only where a cap is set a row is shared (SpendingCap): it is locked before the run's, the
installation's first, so that two runs never wait for each other crosswise.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from psycopg import Cursor

from optimizer.core.problems import Message, Problem, problem
from optimizer.costs import spending
from optimizer.costs.money import dollars
from optimizer.lm.accounts import Answer, Sums, beyond
from optimizer.lm.paid import Wanted

Row = tuple[Any, ...]
NO_RUN = 0


@dataclass(frozen=True)
class Reached:
    """A cap above the run leaves no room for a call."""

    scope: str
    month: date
    cap: Message
    spent: Problem

    def problem(self, again: Problem) -> Problem:
        """Which cap, and what to do; `again` is what to do then."""
        values = {"cap": self.cap, "spent": self.spent, "again": again}
        month = self.month.isoformat()
        if self.scope == spending.INSTALLATION:
            return problem("stop.installation_cap", month=month, **values)
        return problem("stop.project_cap", month=month, **values)


@dataclass(frozen=True)
class Unpriced:
    """A cap in money stands above the run, and what this model's calls cost is not known."""

    scope: str
    model: str

    def problem(self, again: Problem) -> Problem:
        if self.scope == spending.INSTALLATION:
            return problem("stop.unpriced_installation", model=self.model, again=again)
        return problem("stop.unpriced_project", model=self.model, again=again)


Refusal = Reached | Unpriced


@dataclass
class Above:
    """A cap above runs with its sums of this month; its row is locked."""

    scope: str
    max_calls: int | None
    max_cost: int | None
    month: date
    passed: tuple[int, int]
    sums: Sums

    @classmethod
    def of(cls, row: Row) -> Above:
        scope, calls, cost, month = row[:4]
        return cls(scope, calls, cost, month, (row[4], row[5]), Sums(*row[6:11]))

    def __post_init__(self) -> None:
        self._loaded = self.row

    @property
    def row(self) -> Row:
        return (self.month, *self.passed, *self.sums.row)

    def turn_to(self, month: date) -> None:
        """Begin a new month: everything counted in it comes through this row."""
        if month > self.month:
            self.month, self.passed, self.sums = month, (0, 0), Sums()

    def room_for(self, want: Wanted) -> Answer | Refusal:
        """A call that costs nothing passes no cap in money."""
        if self.max_cost is not None and not want.priced:
            return Unpriced(self.scope, want.call.model)
        sums, cost = self.sums, self.max_cost if want.hold else None
        if beyond(sums.used_calls + 1, self.max_calls):
            used = problem("month.used", n=sums.used_calls)
            return self._reached(_calls(self.max_calls or 0), used)
        if beyond(sums.spent + want.hold, cost):
            return self._reached(dollars(self.max_cost or 0), _spent(sums.spent))
        calls = sums.used_calls + sums.held_calls + 1
        if beyond(calls, self.max_calls) or beyond(sums.spent + sums.held_cost + want.hold, cost):
            return Answer.LATER
        return Answer.GRANTED

    def save(self, cursor: Cursor[Row]) -> None:
        if self.row != self._loaded:
            cursor.execute(_SAVE, [*self.row, self.scope])

    def _reached(self, cap: Message, spent: Problem) -> Reached:
        return Reached(self.scope, self.month, cap, spent)


@dataclass
class Months:
    """What one transaction counts, and the caps above it."""

    namespace: str
    above: list[Above] = field(default_factory=list)
    changes: dict[tuple[int, date], Sums] = field(default_factory=lambda: defaultdict(Sums))

    @classmethod
    def locked(cls, cursor: Cursor[Row], namespace: str) -> Months:
        """Keep the caps above this namespace as they are until the transaction ends."""
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [spending.LOCK])
        cursor.execute(_CAPS, [[spending.INSTALLATION, namespace], spending.INSTALLATION])
        rows = cursor.fetchall()
        above = [Above.of(row) for row in rows]
        newest = max([row[-1] for row in rows] + [cap.month for cap in above], default=date.min)
        for cap in above:
            cap.turn_to(newest)
        return cls(namespace, above)

    @property
    def since(self) -> datetime | None:
        """When a call that is reserved now is reserved at the earliest: caps may have begun a month
        that began after this transaction.
        """
        if not self.above:
            return None
        month = self.above[0].month
        return datetime(month.year, month.month, 1, tzinfo=UTC)

    def room_for(self, want: Wanted) -> Answer | Refusal:
        answers = [cap.room_for(want) for cap in self.above]
        final = [answer for answer in answers if not isinstance(answer, Answer)]
        waiting = [answer for answer in answers if answer is Answer.LATER]
        return (final or waiting or [Answer.GRANTED])[0]

    def hold(self, cost: int, calls: int = 1) -> None:
        """Take room below the caps; it is counted when it is known in which month (`held`)."""
        for cap in self.above:
            cap.sums.hold(cost, calls)

    def held(self, run: int, month: date, cost: int) -> None:
        self.changes[run, month].hold(cost)

    def used(self, run: int, month: date, held: int, cost: int, calls: int) -> None:
        self.changes[run, month].use(held, cost, calls)
        for cap in self._of(month):
            cap.sums.use(held, cost, calls)

    def doubted(self, run: int, month: date, calls: int, held: int) -> None:
        self.changes[run, month].doubt(calls, held)
        for cap in self._of(month):
            cap.sums.doubt(calls, held)

    def save(self, cursor: Cursor[Row]) -> None:
        rows = [(month, self.namespace, run, *s.row) for (run, month), s in self.changes.items()]
        rows = [row for row in rows if any(row[3:])]
        if rows:
            cursor.execute(_COUNT, _columns(sorted(rows)))
            counted = set(cursor.fetchall())
            fresh = [row for row in sorted(rows) if (row[0], row[2]) not in counted]
            if fresh:
                cursor.execute(_COUNT_FIRST, _columns(fresh))
        for cap in self.above:
            cap.save(cursor)

    def _of(self, month: date) -> list[Above]:
        return [cap for cap in self.above if cap.month == month]


def _calls(number: int) -> Problem:
    return problem("limit.calls", n=number)


def _spent(cost: int) -> Problem:
    return problem("month.spent", amount=dollars(cost))


def _columns(rows: list[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


_CAPS = """
    SELECT scope, max_calls, max_cost, month, passed_calls, passed_cost, used_calls, used_cost,
           over_cost, held_calls, held_cost,
           date_trunc('month', now() AT TIME ZONE 'UTC')::date
    FROM optimizer_spendingcap WHERE scope = ANY(%s)
    ORDER BY scope <> %s FOR UPDATE"""

_SAVE = """
    UPDATE optimizer_spendingcap
    SET month = %s, passed_calls = %s, passed_cost = %s, used_calls = %s, used_cost = %s,
        over_cost = %s, held_calls = %s, held_cost = %s
    WHERE scope = %s"""

# A hold that is given back is a negative change, which no new row may begin with.
_COUNT = """
    UPDATE optimizer_spending AS s
    SET used_calls = s.used_calls + v.used_calls, used_cost = s.used_cost + v.used_cost,
        over_cost = s.over_cost + v.over_cost, held_calls = s.held_calls + v.held_calls,
        held_cost = s.held_cost + v.held_cost
    FROM unnest(%s::date[], %s::text[], %s::bigint[], %s::int[], %s::bigint[], %s::bigint[],
                %s::int[], %s::bigint[])
         AS v(month, namespace, run, used_calls, used_cost, over_cost, held_calls, held_cost)
    WHERE (s.month, s.namespace, s.run) = (v.month, v.namespace, v.run)
    RETURNING s.month, s.run"""

_COUNT_FIRST = """
    INSERT INTO optimizer_spending AS s
        (month, namespace, run, used_calls, used_cost, over_cost, held_calls, held_cost)
    SELECT * FROM unnest(%s::date[], %s::text[], %s::bigint[], %s::int[], %s::bigint[],
                         %s::bigint[], %s::int[], %s::bigint[])
    ON CONFLICT (month, namespace, run) DO UPDATE
    SET used_calls = s.used_calls + excluded.used_calls,
        used_cost = s.used_cost + excluded.used_cost, over_cost = s.over_cost + excluded.over_cost,
        held_calls = s.held_calls + excluded.held_calls,
        held_cost = s.held_cost + excluded.held_cost"""

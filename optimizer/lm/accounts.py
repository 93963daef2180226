"""Sums of calls: a run's account with its caps, as it stands within one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from psycopg import Cursor

from optimizer.ownership import Owner, Superseded

Row = tuple[Any, ...]


class Answer(Enum):
    """What a reservation is told, when it is not told the reply."""

    GRANTED = "granted"
    BUSY = "busy"  # another owner's call is out: ask again
    LATER = "later"  # it fits if the calls in flight cost less than their upper bounds
    NO_CALLS = "no calls"
    NO_MONEY = "no money"
    NO_TIME = "no time"
    SENT_TOO_OFTEN = "sent too often"  # it never came back, while this owner waited for it
    CUT_OFF = "cut off"  # workers died again and again while it was out


SPENT = (Answer.NO_CALLS, Answer.NO_MONEY, Answer.NO_TIME)
"""A cap of the run's own is reached."""


@dataclass(frozen=True)
class KeptBack:
    """What is kept back of a run's caps from the calls that are asked for now."""

    calls: int = 0
    cost: int = 0
    seconds: float = 0.0


NOTHING = KeptBack()


@dataclass
class Sums:
    """What is used and what is held for calls in flight. Money is micro-USD; `over_cost` is what
    was taken beyond the holds, kept apart so that caps stay true.
    """

    used_calls: int = 0
    used_cost: int = 0
    over_cost: int = 0
    held_calls: int = 0
    held_cost: int = 0

    @property
    def spent(self) -> int:
        return self.used_cost + self.over_cost

    def hold(self, cost: int, calls: int = 1) -> None:
        self.held_calls += calls
        self.held_cost += cost

    def use(self, held: int, cost: int, calls: int) -> None:
        """Turn one call's hold into a use."""
        self.hold(-held, -1)
        self.used_calls += calls
        self.used_cost += min(cost, held)
        self.over_cost += max(cost - held, 0)

    def doubt(self, calls: int, held: int) -> None:
        """Turn the holds of lost calls into uses at their upper bounds."""
        self.hold(-held, -calls)
        self.used_calls += calls
        self.used_cost += held

    @property
    def row(self) -> tuple[int, int, int, int, int]:
        return (
            self.used_calls, self.used_cost, self.over_cost, self.held_calls, self.held_cost,
        )  # fmt: skip


@dataclass
class Account:
    """A run's caps and sums as they stand within this transaction, and what it changes of them."""

    owner: Owner
    max_calls: int | None = None
    max_cost: int | None = None
    sums: Sums = field(default_factory=Sums)
    changes: Sums = field(default_factory=Sums)
    tokens: int = 0
    reused: int = 0

    @classmethod
    def locked(cls, cursor: Cursor[Row], owner: Owner) -> Account:
        """The owner's account, that nobody else changes until the transaction ends.

        Raises:
            Superseded: another epoch owns what it acts for.
        """
        cursor.execute(_LOCK, [owner.run, owner.epoch])
        row = cursor.fetchone()
        if row is None:
            raise Superseded
        return cls(owner, row[0], row[1], Sums(*row[2:]))

    def room_for(self, hold: int, kept: KeptBack = NOTHING) -> Answer:
        calls = self.sums.used_calls + kept.calls + 1
        spent = self.sums.spent + kept.cost + hold
        if beyond(calls, self.max_calls):
            return Answer.NO_CALLS
        if beyond(spent, self.max_cost):
            return Answer.NO_MONEY
        calls += self.sums.held_calls
        if beyond(calls, self.max_calls) or beyond(spent + self.sums.held_cost, self.max_cost):
            return Answer.LATER
        return Answer.GRANTED

    def hold(self, cost: int, calls: int = 1) -> None:
        self.sums.hold(cost, calls)
        self.changes.hold(cost, calls)

    def use(self, held: int, cost: int, calls: int) -> None:
        self.sums.use(held, cost, calls)
        self.changes.use(held, cost, calls)

    def save(self, cursor: Cursor[Row]) -> None:
        changes = (*self.changes.row, self.tokens, self.reused)
        if any(changes):
            cursor.execute(_SAVE, [*changes, self.owner.run])


def beyond(sum_: int, cap: int | None) -> bool:
    return cap is not None and sum_ > cap


_LOCK = """
    SELECT max_calls, max_cost, used_calls, used_cost, over_cost, held_calls, held_cost
    FROM optimizer_run WHERE id = %s AND epoch = %s FOR UPDATE"""

_SAVE = """
    UPDATE optimizer_run
    SET used_calls = used_calls + %s, used_cost = used_cost + %s, over_cost = over_cost + %s,
        held_calls = held_calls + %s, held_cost = held_cost + %s, used_tokens = used_tokens + %s,
        reused_calls = reused_calls + %s
    WHERE id = %s"""

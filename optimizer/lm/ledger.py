"""The ledger's book-keeping on one cursor, a batch of entries within one transaction.

A run's row carries its caps, what is held for calls in flight and what is used; its Spending rows
say the same by months; a Completion row is one call. Every entry changes all of them, so that
used + held never passes a cap whoever is killed when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from psycopg import Cursor

from optimizer.core.programs.lm import Reply
from optimizer.lm import entries, overruns
from optimizer.lm.accounts import NOTHING, SPENT, Account, Answer, KeptBack, Row
from optimizer.lm.embeddings import EmbeddingReply
from optimizer.lm.entries import Closing, Ending, Known
from optimizer.lm.months import NO_RUN, Months, Refusal
from optimizer.lm.overruns import Overrun
from optimizer.lm.paid import RESENDS, Wanted
from optimizer.ownership import Owner

Told = Reply | Answer | Refusal
LOST_SECONDS = 900
"""Longer than any call is waited for."""


@dataclass(frozen=True)
class Entered:
    """What each reservation is told, by key, and what a provider took beyond its reservations, if
    the closings say so and nobody has accepted it yet.
    """

    told: Mapping[str, Told]
    overrun: Overrun | None = None


class Ledger:
    """The entries of one owner: a run in its epoch.

    Raises:
        ValueError: the owner has no namespace, so that nobody knows which caps stand above it.
    """

    def __init__(self, owner: Owner) -> None:
        if not owner.namespace:
            raise ValueError(f"{owner.name} reserves calls in no namespace")
        self.owner = owner

    def apply(
        self,
        cursor: Cursor[Row],
        closings: Sequence[Closing],
        wanted: Sequence[Wanted],
        paying: bool = True,
        kept: KeptBack = NOTHING,
    ) -> Entered:
        """Enter closings, then reservations, for which `kept` is not there.

        Without `paying`, only what was paid before is answered. Entering the same again after a
        lost connection changes nothing.

        Raises:
            Superseded: another epoch owns the run; nothing was entered.
        """
        if not closings and not wanted:  # a beat waits for nobody who counts
            Account.locked(cursor, self.owner)
            return Entered({})
        batch = _Batch.begun(cursor, self.owner)
        over = batch.close(closings) if closings else False
        told = batch.reserve({w.key: w for w in wanted}, paying, kept) if wanted else {}
        batch.save()
        return Entered(told, overruns.of_run(cursor, self.owner.run) if over else None)

    def recover(self, cursor: Cursor[Row]) -> int:
        """Put reserved calls of earlier epochs in doubt, at their upper bound; returns how many."""
        run, name = self.owner.run, self.owner.name
        if not entries.reserved_by_others(cursor, run, name):
            return 0  # and waits for nobody
        months = Months.locked(cursor, self.owner.namespace)
        lost = _doubt(cursor, months, "run_id = %s AND owner <> %s", run, name)
        months.save(cursor)
        return lost

    def give_up(self, cursor: Cursor[Row]) -> int:
        """Put calls in doubt that its owner, who is gone, reserved so long ago that no reply can
        come any more; returns how many. What takes the owner's place would do the same, if
        anything does.
        """
        months = Months.locked(cursor, self.owner.namespace)
        if self.owner.alive(cursor):
            return 0
        lost = _doubt(
            cursor, months, "owner = %s AND reserved_at < now() - make_interval(secs => %s)",
            self.owner.name, LOST_SECONDS,
        )  # fmt: skip
        months.save(cursor)
        return lost


def owners_with_calls_lost(cursor: Cursor[Row]) -> list[Owner]:
    """Who reserved calls so long ago that nobody waits for them."""
    cursor.execute(_LOST, [LOST_SECONDS])
    return [replace(Owner.named(name), namespace=namespace) for name, namespace in cursor]


@dataclass
class _Batch:
    """One transaction: everything that it changes is locked, caps above first."""

    cursor: Cursor[Row]
    owner: Owner
    months: Months
    account: Account

    @classmethod
    def begun(cls, cursor: Cursor[Row], owner: Owner) -> _Batch:
        months = Months.locked(cursor, owner.namespace)
        return cls(cursor, owner, months, Account.locked(cursor, owner))

    def save(self) -> None:
        self.account.save(self.cursor)
        self.months.save(self.cursor)

    def close(self, closings: Sequence[Closing]) -> bool:
        """Returns whether a call cost more than was reserved for it."""
        ends = {closing.key: Ending.of(closing) for closing in closings}
        replies = [closing.end for closing in closings if isinstance(closing.end, EmbeddingReply)]
        entries.keep_vectors(self.cursor, self.owner, replies)
        over = False
        for key, held, month in entries.close(self.cursor, self.owner, list(ends.values())):
            end = ends[key]
            cost = held if end.doubts else end.cost
            self.account.use(held, cost, end.calls)
            self.months.used(self.owner.run, month, held, cost, end.calls)
            self.account.tokens += end.prompt_tokens + end.completion_tokens
            over = over or cost > held
        return over

    def reserve(self, wanted: dict[str, Wanted], paying: bool, kept: KeptBack) -> dict[str, Told]:
        known = entries.known(self.cursor, list(wanted))
        told: dict[str, Told] = {}
        fresh: list[Wanted] = []
        again: list[Wanted] = []
        for key, want in wanted.items():
            found = self._found(known.get(key))
            told[key] = found if found is not None else self._room_for(want, paying, kept)
            self.account.reused += isinstance(found, Reply)
            if found is None and told[key] is Answer.GRANTED:
                self._hold(want)
                (again if key in known else fresh).append(want)
        self._enter(fresh, again, told)
        return told

    def _enter(self, fresh: list[Wanted], again: list[Wanted], told: dict[str, Told]) -> None:
        since = self.months.since
        taken = entries.insert(self.cursor, self.owner, fresh, since)
        taken |= entries.take_again(self.cursor, self.owner, again, since)
        for want in (*fresh, *again):
            if want.key in taken:
                self.months.held(self.owner.run, taken[want.key], want.hold)
            else:  # another owner was faster
                told[want.key] = Answer.BUSY
                self._hold(want, -1)

    def _hold(self, want: Wanted, calls: int = 1) -> None:
        self.account.hold(calls * want.hold, calls)
        self.months.hold(calls * want.hold, calls)

    def _room_for(self, want: Wanted, paying: bool, kept: KeptBack) -> Answer | Refusal:
        """The run's own cap ends it with what it has; one above makes it wait."""
        own = self.account.room_for(want.hold, kept) if paying else Answer.NO_TIME
        if own in SPENT:
            return own
        above = self.months.room_for(want)
        return own if above is Answer.GRANTED else above

    def _found(self, known: Known | None) -> Reply | Answer | None:
        """What the entry itself answers; None when the call has to be paid for."""
        if known is None:
            return None
        if known.state == "settled":
            return known.as_reply()
        if known.state == "reserved":
            if known.owner == self.owner.name:
                return Answer.GRANTED  # entered before a connection broke that hid the commit
            if Owner.named(known.owner).alive(self.cursor):
                return Answer.BUSY
            _doubt(self.cursor, self.months, "owner = %s", known.owner)
            return None
        if known.state == "doubt" and known.doubts > RESENDS and known.run == self.owner.run:
            own = known.owner == self.owner.name
            return Answer.SENT_TOO_OFTEN if own else Answer.CUT_OFF
        return None


def _doubt(cursor: Cursor[Row], months: Months, condition: str, *values: object) -> int:
    lost = entries.doubt(cursor, condition, list(values))
    for calls in lost:
        months.doubted(calls.run or NO_RUN, calls.month, calls.calls, calls.held)
    return sum(calls.calls for calls in lost)


_LOST = """
    SELECT DISTINCT owner, namespace FROM optimizer_completion
    WHERE state = 'reserved' AND reserved_at < now() - make_interval(secs => %s)"""

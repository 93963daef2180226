"""The ledger's book-keeping: SQL on one cursor, a batch of entries within one transaction.

A run's row carries its caps, what is held for calls in flight and what is used; a Completion row is
one call. Every entry changes both, so that used + held never passes a cap whoever is killed when.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from enum import Enum
from typing import Any

from psycopg import Cursor

from optimizer.core.programs.lm import Reply
from optimizer.lm import overruns
from optimizer.lm.failures import CallFailed, Charge
from optimizer.lm.overruns import Overrun
from optimizer.lm.paid import RESENDS, Wanted
from optimizer.ownership import Owner, Superseded

Row = tuple[Any, ...]


class Answer(Enum):
    """What a reservation is told, when it is not told the reply."""

    GRANTED = "granted"
    BUSY = "busy"  # another owner's call is out: ask again
    LATER = "later"  # it fits if the calls in flight cost less than their upper bounds
    NO_FUNDS = "no funds"
    SENT_TOO_OFTEN = "sent too often"  # it never came back, while this owner waited for it
    CUT_OFF = "cut off"  # workers died again and again while it was out


@dataclass(frozen=True)
class Closing:
    """The end of a reserved call: a reply, or a failure with what it costs."""

    key: str
    end: Reply | CallFailed


@dataclass(frozen=True)
class Entered:
    """What each reservation is told, by key, and what a provider took beyond its reservations, if
    the closings say so and nobody has accepted it yet.
    """

    told: Mapping[str, Reply | Answer]
    overrun: Overrun | None = None


@dataclass
class Account:
    """A run's caps and sums as they stand within this transaction. Money is micro-USD."""

    max_calls: int | None
    max_cost: int | None
    used_calls: int
    used_cost: int
    over_cost: int
    held_calls: int
    held_cost: int
    used_tokens: int
    reused_calls: int
    loaded: tuple[int, ...] = ()

    @property
    def sums(self) -> tuple[int, ...]:
        return astuple(self)[2:-1]

    def __post_init__(self) -> None:
        self.loaded = self.sums

    def room_for(self, hold: int) -> Answer:
        spent = self.used_cost + self.over_cost + hold
        if _beyond(self.used_calls + 1, self.max_calls) or _beyond(spent, self.max_cost):
            return Answer.NO_FUNDS
        calls = self.used_calls + self.held_calls + 1
        if _beyond(calls, self.max_calls) or _beyond(spent + self.held_cost, self.max_cost):
            return Answer.LATER
        return Answer.GRANTED

    def hold(self, cost: int, calls: int = 1) -> None:
        self.held_calls += calls
        self.held_cost += cost

    def use(self, held: int, cost: int, calls: int) -> None:
        """Turn a hold into a use; what is beyond the hold is kept apart, so that caps stay true."""
        self.hold(-held, -1)
        self.used_calls += calls
        self.used_cost += min(cost, held)
        self.over_cost += max(cost - held, 0)


class Ledger:
    """The entries of one owner: a run in its epoch, or a tryout (which has no caps)."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self._run = owner.ref if owner.kind == "run" else None

    def apply(
        self,
        cursor: Cursor[Row],
        closings: Sequence[Closing],
        wanted: Sequence[Wanted],
        paying: bool = True,
    ) -> Entered:
        """Enter closings, then reservations.

        Without `paying`, only what was paid before is answered. Entering the same again after a
        lost connection changes nothing.

        Raises:
            Superseded: another epoch owns the run; nothing was entered.
        """
        account = self._account(cursor)
        over = self._close(cursor, account, closings)
        told = self._reserve(cursor, account, {w.key: w for w in wanted}, paying) if wanted else {}
        self._save(cursor, account)
        return Entered(told, self._overrun(cursor, over) if over else None)

    def recover(self, cursor: Cursor[Row]) -> int:
        """Put reserved calls of earlier epochs in doubt, at their upper bound; returns how many."""
        if self._run is None:
            return 0
        return _doubt(cursor, "run_id = %s AND owner <> %s", [self._run, self.owner.name])

    def _account(self, cursor: Cursor[Row]) -> Account:
        if self._run is None:
            return Account(None, None, 0, 0, 0, 0, 0, 0, 0)
        cursor.execute(
            "SELECT max_calls, max_cost, used_calls, used_cost, over_cost, held_calls, held_cost, "
            "used_tokens, reused_calls FROM optimizer_run WHERE id = %s AND epoch = %s FOR UPDATE",
            [self._run, self.owner.epoch],
        )
        row = cursor.fetchone()
        if row is None:
            raise Superseded
        return Account(*row)

    def _save(self, cursor: Cursor[Row], account: Account) -> None:
        if self._run is None:
            return
        changes = [now - was for now, was in zip(account.sums, account.loaded, strict=True)]
        if any(changes):
            cursor.execute(_SAVE, [*changes, self._run])

    def _overrun(self, cursor: Cursor[Row], keys: list[str]) -> Overrun | None:
        if self._run is None:
            return overruns.of_calls(cursor, keys)
        return overruns.of_run(cursor, self._run)

    def _close(
        self, cursor: Cursor[Row], account: Account, closings: Sequence[Closing]
    ) -> list[str]:
        """Returns the calls that cost more than was reserved for them."""
        if not closings:
            return []
        ends = {closing.key: _Ending.of(closing) for closing in closings}
        columns = zip(*(end.columns() for end in ends.values()), strict=True)
        cursor.execute(_CLOSE, [*map(list, columns), self.owner.name])
        over = []
        for key, held in cursor.fetchall():
            end = ends[key]
            account.use(held, held if end.doubts else end.cost, end.calls)
            account.used_tokens += end.prompt_tokens + end.completion_tokens
            if end.cost > held:
                over.append(key)
        return over

    def _reserve(
        self, cursor: Cursor[Row], account: Account, wanted: dict[str, Wanted], paying: bool
    ) -> dict[str, Reply | Answer]:
        known = self._known(cursor, list(wanted))
        told: dict[str, Reply | Answer] = {}
        fresh: list[Wanted] = []
        again: list[Wanted] = []
        for key, want in wanted.items():
            found = self._found(cursor, known.get(key))
            room = account.room_for(want.hold) if paying else Answer.NO_FUNDS
            told[key] = found if found is not None else room
            account.reused_calls += isinstance(found, Reply)
            if found is None and told[key] is Answer.GRANTED:
                account.hold(want.hold)
                (again if key in known else fresh).append(want)
        taken = self._insert(cursor, fresh) | self._take_again(cursor, again)
        for want in (*fresh, *again):
            if want.key not in taken:  # another owner was faster
                told[want.key] = Answer.BUSY
                account.hold(-want.hold, -1)
        return told

    def _known(self, cursor: Cursor[Row], keys: list[str]) -> dict[str, _Known]:
        cursor.execute(
            "SELECT key, state, owner, run_id, doubts, reply, prompt_tokens, completion_tokens, "
            "cost, seconds, finish_reason FROM optimizer_completion WHERE key = ANY(%s)",
            [keys],
        )
        return {row[0]: _Known(*row) for row in cursor.fetchall()}

    def _found(self, cursor: Cursor[Row], known: _Known | None) -> Reply | Answer | None:
        """What the row itself answers; None when the call has to be paid for."""
        if known is None:
            return None
        if known.state == "settled":
            return known.as_reply()
        if known.state == "reserved":
            if known.owner == self.owner.name:
                return Answer.GRANTED  # entered before a connection broke that hid the commit
            if Owner.named(known.owner).alive(cursor):
                return Answer.BUSY
            _doubt(cursor, "owner = %s", [known.owner])
            return None
        if known.state == "doubt" and known.doubts > RESENDS and known.run == self._run:
            own = known.owner == self.owner.name
            return Answer.SENT_TOO_OFTEN if own else Answer.CUT_OFF
        return None

    def _insert(self, cursor: Cursor[Row], wanted: list[Wanted]) -> set[str]:
        if not wanted:
            return set()
        ordered = sorted(wanted, key=lambda w: w.key)  # two owners must not wait for one another
        cursor.execute(
            _INSERT,
            [
                *(self.owner.namespace, self._run, self.owner.name),
                *([w.key for w in ordered], [w.call.role.value for w in ordered]),
                *([w.provider for w in ordered], [w.call.model for w in ordered]),
                *([w.hold for w in ordered], [_json(w) for w in ordered]),
            ],
        )
        return {row[0] for row in cursor.fetchall()}

    def _take_again(self, cursor: Cursor[Row], wanted: list[Wanted]) -> set[str]:
        if not wanted:
            return set()
        ordered = sorted(wanted, key=lambda w: w.key)
        cursor.execute(
            _TAKE_AGAIN,
            [
                *(self.owner.name, self._run, self._run),
                *([w.key for w in ordered], [w.call.role.value for w in ordered]),
                [w.hold for w in ordered],
            ],
        )
        return {row[0] for row in cursor.fetchall()}


@dataclass(frozen=True)
class _Known:
    key: str
    state: str
    owner: str
    run: int | None
    doubts: int
    reply: str
    prompt_tokens: int
    completion_tokens: int
    cost: int
    seconds: float
    finish_reason: str

    def as_reply(self) -> Reply:
        return Reply(
            self.reply, self.prompt_tokens, self.completion_tokens, self.cost, self.seconds,
            cached=True, finish_reason=self.finish_reason,
        )  # fmt: skip


@dataclass(frozen=True)
class _Ending:
    """One closed call in columns. `calls` is how many it counts for against the cap."""

    key: str
    state: str
    calls: int = 1
    doubts: int = 0
    reply: str = ""
    finish_reason: str = ""
    problem: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: int = 0
    seconds: float = 0.0

    @classmethod
    def of(cls, closing: Closing) -> _Ending:
        end = closing.end
        if isinstance(end, Reply):
            return cls(
                closing.key, "settled", 1, 0, end.text, end.finish_reason, "",
                end.prompt_tokens, end.completion_tokens, end.cost, end.seconds,
            )  # fmt: skip
        doubt = end.charge is Charge.DOUBT
        calls = 0 if end.charge is Charge.NOTHING else 1
        state = "doubt" if doubt else "failed"
        return cls(closing.key, state, calls, int(doubt), problem=f"{end} {end.said}".strip()[:500])

    def columns(self) -> Row:
        return (
            self.key, self.state, self.doubts, self.reply, self.finish_reason, self.problem,
            self.prompt_tokens, self.completion_tokens, self.cost, self.seconds,
        )  # fmt: skip


_SAVE = """
    UPDATE optimizer_run
    SET used_calls = used_calls + %s, used_cost = used_cost + %s, over_cost = over_cost + %s,
        held_calls = held_calls + %s, held_cost = held_cost + %s, used_tokens = used_tokens + %s,
        reused_calls = reused_calls + %s
    WHERE id = %s"""

_CLOSE = """
    UPDATE optimizer_completion AS c
    SET state = v.state, doubts = c.doubts + v.doubts, reply = v.reply,
        finish_reason = v.finish_reason, problem = v.problem, prompt_tokens = v.prompt_tokens,
        completion_tokens = v.completion_tokens, cost = v.cost, seconds = v.seconds,
        doubt_cost = c.doubt_cost + v.doubts * c.held_cost, settled_at = now()
    FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[], %s::int[],
                %s::int[], %s::bigint[], %s::float8[])
         AS v(key, state, doubts, reply, finish_reason, problem, prompt_tokens, completion_tokens,
              cost, seconds)
    WHERE c.key = v.key AND c.owner = %s AND c.state = 'reserved'
    RETURNING c.key, c.held_cost"""

_INSERT = """
    INSERT INTO optimizer_completion
        (key, role, provider, model, held_cost, request, namespace, run_id, owner, state, attempt,
         doubts, reply, finish_reason, problem, prompt_tokens, completion_tokens, cost, doubt_cost,
         seconds, reserved_at)
    SELECT v.key, v.role, v.provider, v.model, v.hold, v.request::jsonb, %s, %s, %s, 'reserved', 1,
           0, '', '', '', 0, 0, 0, 0, 0, now()
    FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[], %s::bigint[], %s::text[])
         AS v(key, role, provider, model, hold, request)
    ON CONFLICT (key) DO NOTHING
    RETURNING key"""

_TAKE_AGAIN = """
    UPDATE optimizer_completion AS c
    SET state = 'reserved', role = v.role, held_cost = v.hold, owner = %s, run_id = %s,
        doubts = CASE WHEN c.run_id = %s THEN c.doubts ELSE 0 END,
        attempt = c.attempt + 1, problem = '', reserved_at = now(), settled_at = NULL
    FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS v(key, role, hold)
    WHERE c.key = v.key AND c.state IN ('failed', 'doubt')
    RETURNING c.key"""


def _doubt(cursor: Cursor[Row], condition: str, values: list[object]) -> int:
    """Charge reserved calls whose owner is gone at their upper bound, to their runs."""
    cursor.execute(
        "WITH lost AS (UPDATE optimizer_completion SET state = 'doubt', doubts = doubts + 1, "
        "doubt_cost = doubt_cost + held_cost, settled_at = now(), "
        "problem = 'The worker was stopped while this call was out.' "
        f"WHERE state = 'reserved' AND {condition} RETURNING run_id, held_cost), "
        "sums AS (SELECT run_id, count(*) AS calls, sum(held_cost) AS cost FROM lost "
        "GROUP BY run_id), "
        "charged AS (UPDATE optimizer_run AS r SET used_calls = used_calls + calls, "
        "used_cost = used_cost + cost, held_calls = held_calls - calls, "
        "held_cost = held_cost - cost FROM sums WHERE r.id = sums.run_id) "
        "SELECT count(*) FROM lost",
        values,
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _beyond(sum_: int, cap: int | None) -> bool:
    return cap is not None and sum_ > cap


def _json(wanted: Wanted) -> str:
    return json.dumps(wanted.call.as_json(), ensure_ascii=False)

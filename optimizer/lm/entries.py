"""The ledger's entries, a Completion row a call: SQL on one cursor, a batch at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Cursor

from optimizer.core.programs.lm import Reply
from optimizer.lm.embeddings import EmbeddingReply
from optimizer.lm.failures import CallFailed, Charge
from optimizer.lm.paid import Wanted
from optimizer.ownership import Owner

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Closing:
    """The end of a reserved call: a reply, or a failure with what it costs."""

    key: str
    end: Reply | CallFailed


@dataclass(frozen=True)
class Known:
    """What an entry says before it is changed."""

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
    priced: bool

    def as_reply(self) -> Reply:
        return Reply(
            self.reply, self.prompt_tokens, self.completion_tokens, self.cost, self.seconds,
            cached=True, finish_reason=self.finish_reason, priced=self.priced,
        )  # fmt: skip


@dataclass(frozen=True)
class Ending:
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
    def of(cls, closing: Closing) -> Ending:
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


@dataclass(frozen=True)
class Lost:
    """Calls of one run (None: of no run) that were reserved in one month, now in doubt."""

    run: int | None
    month: date
    calls: int
    held: int


def known(cursor: Cursor[Row], keys: list[str]) -> dict[str, Known]:
    cursor.execute(_KNOWN, [keys])
    return {row[0]: Known(*row) for row in cursor.fetchall()}


def insert(
    cursor: Cursor[Row], owner: Owner, wanted: list[Wanted], since: datetime | None
) -> dict[str, date]:
    """Reserve calls that have no entry, not before `since`; returns in which month, by key.

    What another owner was faster to reserve is missing from it.
    """
    if not wanted:
        return {}
    ordered = sorted(wanted, key=lambda w: w.key)  # two owners must not wait for one another
    cursor.execute(
        _INSERT,
        [
            *(owner.namespace, owner.run, owner.name, since),
            *([w.key for w in ordered], [w.call.role.value for w in ordered]),
            *([w.provider for w in ordered], [w.call.model for w in ordered]),
            *([w.hold for w in ordered], [_json(w) for w in ordered]),
            [w.priced for w in ordered],
        ],
    )
    return dict(cursor.fetchall())


def take_again(
    cursor: Cursor[Row], owner: Owner, wanted: list[Wanted], since: datetime | None
) -> dict[str, date]:
    """The same for calls whose entry says that they failed, or are in doubt."""
    if not wanted:
        return {}
    ordered = sorted(wanted, key=lambda w: w.key)
    cursor.execute(
        _TAKE_AGAIN,
        [
            *(owner.name, owner.run, owner.run, since),
            *([w.key for w in ordered], [w.call.role.value for w in ordered]),
            *([w.hold for w in ordered], [w.priced for w in ordered]),
        ],
    )
    return dict(cursor.fetchall())


def close(cursor: Cursor[Row], owner: Owner, endings: Sequence[Ending]) -> list[Row]:
    """Close reserved calls of this owner; returns (key, hold, month of the reservation) of each."""
    columns = zip(*(ending.columns() for ending in endings), strict=True)
    cursor.execute(_CLOSE, [*map(list, columns), owner.name])
    return cursor.fetchall()


def keep_vectors(cursor: Cursor[Row], owner: Owner, replies: Sequence[EmbeddingReply]) -> None:
    """Keep vectors by their texts, in the transaction in which they are paid for."""
    found = {k: v for reply in replies for k, v in zip(reply.keys, reply.vectors, strict=True)}
    if found:
        ordered = sorted(found.items())
        keys, vectors = [key for key, _ in ordered], [vector for _, vector in ordered]
        cursor.execute(_KEEP_VECTORS, [owner.namespace, keys, vectors])


def reserved_by_others(cursor: Cursor[Row], run: int, owner: str) -> bool:
    """Whether calls of the run are out that another owner than this reserved."""
    cursor.execute(_OTHERS, [run, owner])
    return cursor.fetchone() is not None


def doubt(cursor: Cursor[Row], condition: str, values: list[object]) -> list[Lost]:
    """Charge reserved calls whose owner is gone at their upper bound, to their runs."""
    cursor.execute(_DOUBT.format(condition=condition), values)
    return [Lost(*row) for row in cursor.fetchall()]


def _json(wanted: Wanted) -> str:
    return json.dumps(wanted.call.as_json(), ensure_ascii=False)


_MONTH = "date_trunc('month', {table}.reserved_at AT TIME ZONE 'UTC')::date"

_KNOWN = """
    SELECT key, state, owner, run_id, doubts, reply, prompt_tokens, completion_tokens, cost,
           seconds, finish_reason, priced
    FROM optimizer_completion WHERE key = ANY(%s)"""

_OTHERS = """
    SELECT 1 FROM optimizer_completion
    WHERE run_id = %s AND state = 'reserved' AND owner <> %s LIMIT 1"""

_CLOSE = f"""
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
    RETURNING c.key, c.held_cost, {_MONTH.format(table="c")}"""

_KEEP_VECTORS = """
    INSERT INTO optimizer_textvector (key, namespace, vector, created_at)
    SELECT v.key, %s, v.vector, now() FROM unnest(%s::text[], %s::bytea[]) AS v(key, vector)
    ON CONFLICT (key) DO NOTHING"""

_INSERT = f"""
    INSERT INTO optimizer_completion AS c
        (key, role, provider, model, held_cost, request, namespace, run_id, owner, state, attempt,
         doubts, reply, finish_reason, problem, prompt_tokens, completion_tokens, cost, doubt_cost,
         seconds, reserved_at, priced)
    SELECT v.key, v.role, v.provider, v.model, v.hold, v.request::jsonb, %s, %s, %s, 'reserved', 1,
           0, '', '', '', 0, 0, 0, 0, 0, GREATEST(now(), %s::timestamptz), v.priced
    FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[], %s::bigint[], %s::text[], %s::bool[])
         AS v(key, role, provider, model, hold, request, priced)
    ON CONFLICT (key) DO NOTHING
    RETURNING c.key, {_MONTH.format(table="c")}"""

_TAKE_AGAIN = f"""
    UPDATE optimizer_completion AS c
    SET state = 'reserved', role = v.role, held_cost = v.hold, priced = v.priced, owner = %s,
        run_id = %s,
        doubts = CASE WHEN c.run_id = %s THEN c.doubts ELSE 0 END,
        attempt = c.attempt + 1, problem = '', reserved_at = GREATEST(now(), %s::timestamptz),
        settled_at = NULL
    FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bool[]) AS v(key, role, hold, priced)
    WHERE c.key = v.key AND c.state IN ('failed', 'doubt')
    RETURNING c.key, {_MONTH.format(table="c")}"""

_DOUBT = f"""
    WITH lost AS (
        UPDATE optimizer_completion AS c
        SET state = 'doubt', doubts = doubts + 1, doubt_cost = doubt_cost + held_cost,
            settled_at = now(), problem = 'The worker was stopped while this call was out.'
        WHERE state = 'reserved' AND {{condition}}
        RETURNING run_id, held_cost, {_MONTH.format(table="c")} AS month),
    sums AS (
        SELECT run_id, count(*) AS calls, sum(held_cost) AS cost FROM lost GROUP BY run_id),
    charged AS (
        UPDATE optimizer_run AS r
        SET used_calls = used_calls + calls, used_cost = used_cost + cost,
            held_calls = held_calls - calls, held_cost = held_cost - cost
        FROM sums WHERE r.id = sums.run_id)
    SELECT run_id, month, count(*), sum(held_cost)::bigint FROM lost GROUP BY run_id, month"""

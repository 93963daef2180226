"""Overruns: replies that cost more than was reserved for them, because a provider reports more
tokens than a call may take. They cannot be prevented, and they are paid; but the run pauses.

Whoever resumes it accepts what one model has taken beyond its reservations so far. It asks again
when that has doubled: neither for every reply, nor never while money runs away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Sum
from psycopg import Cursor

from optimizer.core.problems import Problem, problem
from optimizer.costs.money import dollars
from optimizer.models import AcceptedOverrun, Completion

WORTH_ASKING_AGAIN = 10_000
"""Micro-USD: once one was accepted, overruns that are less in all are not asked about again."""


@dataclass(frozen=True)
class Overrun:
    """What calls to one model cost and what was reserved for them, in micro-USD.

    `passed_cap` is the cap in money of the run that made them, when it is reached by that.
    """

    provider: str
    model: str
    calls: int
    held: int
    cost: int
    passed_cap: int | None = None

    def problem(self, again: Problem) -> Problem:
        """What happened and what to do about it; `again` is how to go on."""
        then = problem("then.go_on", again=again)
        if self.passed_cap is not None:
            then = problem("then.raise_cap", cap=dollars(self.passed_cap), again=again)
        return problem(
            "stop.overbilled",
            provider=self.provider,
            model=self.model,
            n=self.calls,
            held=dollars(self.held),
            cost=dollars(self.cost),
            then=then,
        )


def of_run(cursor: Cursor[Any], run: int) -> Overrun | None:
    """The run's largest overrun that nobody has accepted."""
    cursor.execute(_LARGEST, [run, WORTH_ASKING_AGAIN])
    row = cursor.fetchone()
    return Overrun(*row) if row else None


def accept(run_id: int) -> None:
    """Take it that whoever resumes the run knows its overruns so far."""
    over = Completion.objects.filter(run=run_id, cost__gt=F("held_cost"))
    found = over.values("provider", "model").annotate(excess=Sum(F("cost") - F("held_cost")))
    AcceptedOverrun.objects.bulk_create(
        [AcceptedOverrun(run_id=run_id, **row) for row in found],
        update_conflicts=True,
        unique_fields=["run", "provider", "model"],
        update_fields=["excess"],
    )


_LARGEST = """
    SELECT COALESCE(max(p.name), 'removed'), c.model, count(*), sum(c.held_cost)::bigint,
           sum(c.cost)::bigint,
           max(r.max_cost) FILTER (WHERE r.used_cost + r.over_cost >= r.max_cost)
    FROM optimizer_completion AS c
    LEFT JOIN optimizer_provider AS p ON p.id = c.provider
    LEFT JOIN optimizer_run AS r ON r.id = c.run_id
    LEFT JOIN optimizer_acceptedoverrun AS a
        ON a.run_id = c.run_id AND a.provider = c.provider AND a.model = c.model
    WHERE c.run_id = %s AND c.cost > c.held_cost
    GROUP BY c.provider, c.model, a.excess
    HAVING a.excess IS NULL OR sum(c.cost - c.held_cost) > GREATEST(2 * a.excess, %s)
    ORDER BY sum(c.cost - c.held_cost) DESC
    LIMIT 1"""

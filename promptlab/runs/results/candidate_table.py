"""Candidates of a run with all that is known of each, whatever the number of its trials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from optimizer.core.evaluation.stats import Estimate, compare_differences, mean_interval
from optimizer.models import Run
from promptlab.runs.results.board import Board, TrialRow, rank
from promptlab.runs.results.codes import short_name


@dataclass(frozen=True)
class Contender:
    """One candidate. `mean` with its 95 % interval is over the `n` examples that it has a score on,
    each counted once; `change` is the mean difference to the baseline on those that both have.

    `of`: examples that candidates can be scored on. `blocks`: trials that were no full evaluation.
    `expected` is what it may score on new examples, known when the run has ended.
    """

    number: int
    full: bool
    best: bool
    blocks: int
    n: int
    of: int
    errors: int
    mean: float
    low: float
    high: float
    change: float | None
    change_low: float
    change_high: float
    seconds_each: float | None
    cost_each: float | None
    expected: float | None = None

    @property
    def name(self) -> str:
        return short_name(self.number)

    @property
    def cost_of_thousand(self) -> int | None:
        """Micro-USD of a thousand examples; None where the price of calls was not known."""
        return None if self.cost_each is None else round(1000 * self.cost_each)

    @property
    def rank(self) -> tuple[float, ...]:
        """What the order is by: fully scored ones as everywhere, then what is proved at least."""
        proved = rank(self.best, self.expected, self.mean if self.full else None)
        return (*proved[:-1], not self.full, proved[-1], -self.low)


def contenders(run: Run, board: Board, best: int | None, examples: int) -> list[Contender]:
    """All candidates with a score, the best first. One query."""
    rows: dict[int, list[TrialRow]] = defaultdict(list)
    for row in (board.first, *board.scored):
        if row is not None and row.score is not None:
            rows[row.candidate].append(row)
    scores = _scores(run)
    base = scores.get(0, {})
    found = [
        _contender(number, mine, scores.get(number, {}), base, number == best, examples)
        for number, mine in rows.items()
    ]
    return sorted(found, key=lambda one: one.rank)


def scores_so_far(run: Run) -> dict[int, Estimate]:
    """By candidate, the mean over all examples that it has a score on, each counted once."""
    return {number: _estimate(scores) for number, scores in _scores(run).items()}


def _estimate(scores: dict[str, float | None]) -> Estimate:
    known = [score for score in scores.values() if score is not None]
    mean, low, high = mean_interval(known)
    return Estimate(mean, len(known), low, high, len(scores) - len(known))


def _contender(
    number: int,
    rows: Sequence[TrialRow],
    scores: dict[str, float | None],
    base: dict[str, float | None],
    best: bool,
    examples: int,
) -> Contender:
    known = {e: s for e, s in scores.items() if s is not None}
    estimate = _estimate(scores)
    pairs = [s - b for e, s in known.items() if number and (b := base.get(e)) is not None]
    change = compare_differences(pairs)
    full = [row for row in rows if row.full]
    evidence = full or rows
    size = max(sum(row.size for row in evidence), 1)
    seconds, cost = sum(row.seconds for row in evidence), sum(row.cost for row in evidence)
    unpriced = any(row.unpriced for row in evidence)
    return Contender(
        number=number, full=bool(full), best=best,
        blocks=sum(not row.full for row in rows), n=estimate.n, of=examples,
        errors=estimate.errors, mean=estimate.mean, low=estimate.low, high=estimate.high,
        change=change.gain if pairs else None, change_low=change.low, change_high=change.high,
        seconds_each=seconds / size or None, cost_each=None if unpriced else cost / size,
        expected=rows[0].expected,
    )  # fmt: skip


def _scores(run: Run) -> dict[int, dict[str, float | None]]:
    """By candidate and example, the latest score, of several draws their mean; None where every
    call failed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT number, example, avg(score) FROM (
                SELECT DISTINCT ON (c.number, o.example, e.sample)
                    c.number, o.example, o.score
                FROM optimizer_trial t
                JOIN optimizer_candidate c ON c.id = t.candidate_id
                JOIN optimizer_exchange e ON e.id = t.exchange_id AND e.model = 0
                JOIN optimizer_outcome o ON o.exchange_id = t.exchange_id
                WHERE t.run_id = %s AND t.scored_at IS NOT NULL
                ORDER BY c.number, o.example, e.sample, o.score IS NULL, t.number DESC
            ) AS latest GROUP BY number, example
            """,
            [run.pk],
        )
        found: dict[int, dict[str, float | None]] = defaultdict(dict)
        for number, example, score in cursor.fetchall():
            found[number][example] = score
    return found


def so_far(board: Board) -> dict[int, tuple[float, int]]:
    """After each minibatch, the mean of all of its candidate's so far and the examples it is of."""
    sums: dict[int, float] = defaultdict(float)
    counts: dict[int, int] = defaultdict(int)
    found = {}
    for row in (board.first, *board.scored):
        if row is None or row.score is None or row.full or row.size == row.errors:
            continue
        counts[row.candidate] += row.size - row.errors
        sums[row.candidate] += row.score * (row.size - row.errors)
        found[row.number] = (sums[row.candidate] / counts[row.candidate], counts[row.candidate])
    return found

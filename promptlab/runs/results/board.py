"""The trials of a run, as its chart and its table show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any, Literal, cast

from django.db import connection
from django.urls import reverse

from optimizer.models import Run, Trial
from promptlab.runs.results.codes import short_name
from promptlab.runs.results.progress import Timed
from promptlab.ui import charts

PAGE = 100
BEST = 10
Show = Literal["candidates", "all", "full", "best"]
SHOWS: tuple[Show, ...] = ("candidates", "all", "full", "best")


@dataclass(frozen=True)
class TrialRow:
    """One trial. `change` is the mean difference to the baseline on the very same examples,
    `expected` what its candidate may score on new ones, known when the run has ended. `asked_again`
    examples failed in passing and were run once more, `answered_again` of them with success.
    """

    number: int
    full: bool
    size: int
    candidate: int
    choice: dict[str, int]
    score: float | None
    low: float | None
    high: float | None
    errors: int
    tokens: int
    cost: int
    unpriced: int
    seconds: float
    started_at: datetime
    scored_at: datetime | None
    expected: float | None = None
    change: float | None = None
    model: int = 0
    asked_again: int = 0
    answered_again: int = 0

    @property
    def name(self) -> str:
        """The candidate's."""
        return short_name(self.candidate)

    @property
    def seconds_each(self) -> float | None:
        """Seconds of model time an example took."""
        return self.seconds / self.size if self.size and self.seconds else None

    @property
    def timed(self) -> Timed | None:
        return Timed(self.size, self.started_at, self.scored_at) if self.scored_at else None


@dataclass(frozen=True)
class Board:
    """All trials of a run by number; the first, of the baseline, apart, and those with `further`
    task models.
    """

    first: TrialRow | None
    trials: tuple[TrialRow, ...]
    further: tuple[TrialRow, ...] = ()

    @property
    def baseline(self) -> TrialRow | None:
        """The baseline's full evaluation: the first trial, or, in a race with a tight budget, one
        at the end.
        """
        mine = (t for t in (self.first, *self.trials) if t is not None and t.candidate == 0)
        return next((t for t in mine if t.full and t.score is not None), None)

    @property
    def scored(self) -> tuple[TrialRow, ...]:
        return tuple(t for t in self.trials if t.score is not None)

    @property
    def fulls(self) -> tuple[TrialRow, ...]:
        return tuple(t for t in self.scored if t.full)

    @property
    def minibatches(self) -> tuple[TrialRow, ...]:
        return tuple(t for t in self.scored if not t.full)


def board_of(run: Run, known: Board | None = None) -> Board:
    """One query, whatever the number of trials. What was `known` of a run that goes on is not read
    again: a trial that has its score stays as it is.
    """
    settled = _settled(known) if known is not None else []
    rows = [*settled, *(_row(values) for values in _values(run, len(settled)))]
    own = [row for row in rows if not row.model]
    first = next((row for row in own if row.number == 0), None)
    further = tuple(row for row in rows if row.model)
    return Board(first, tuple(row for row in own if row.number > 0), further)


_COLUMNS = (
    "number", "full", "size", "candidate__number", "choice", "mean", "score", "tokens", "cost",
    "unpriced", "seconds", "started_at", "scored_at",
    "candidate__expected__mean", "exchange__model", "exchange__asked_again",
    "exchange__answered_again",
)  # fmt: skip


def _settled(known: Board) -> list[TrialRow]:
    """The trials before the first that had no score, by number."""
    rows = {row.number: row for row in (*known.trials, *known.further)}
    if known.first is not None:
        rows[known.first.number] = known.first
    found = (rows.get(number) for number in range(len(rows)))
    return list(takewhile(lambda row: row is not None and row.scored_at is not None, found))  # type: ignore[arg-type]


def _values(run: Run, first: int) -> list[tuple[Any, ...]]:
    trials = Trial.objects.filter(run=run, number__gte=first)
    return list(trials.order_by("number").values_list(*_COLUMNS))


def _row(values: tuple[Any, ...]) -> TrialRow:
    (number, full, size, candidate, choice, mean, told, tokens, cost, unpriced,
     seconds, started, scored, expected, model, again, answered) = values  # fmt: skip
    interval = told or {}
    return TrialRow(
        number=number, full=full, size=size, candidate=candidate, choice=choice,
        score=mean, low=interval.get("low"), high=interval.get("high"),
        errors=interval.get("errors") or 0, tokens=tokens, cost=cost, unpriced=unpriced,
        seconds=seconds,
        started_at=started, scored_at=scored, expected=expected,
        model=model or 0, asked_again=again or 0, answered_again=answered or 0,
    )  # fmt: skip


def shown(board: Board, show: Show, best: int | None = None) -> tuple[TrialRow, ...]:
    """The rows of the table, newest first; the best ten, full evaluations only, as `rank` has it.
    `best` is the number of the candidate that the run named.
    """
    if show == "best":
        ranked = sorted(board.fulls, key=lambda t: rank(t.candidate == best, t.expected, t.score))
        return tuple(ranked[:BEST])
    rows = board.trials if show == "all" else tuple(t for t in board.trials if t.full)
    return tuple(reversed(rows))


def rank(best: bool, expected: float | None, score: float | None) -> tuple[float, ...]:
    """The one order of candidates, the first is the lowest: the one that the run named, then what
    is expected on new examples, then what was scored.
    """
    return (not best, expected is None, -(expected or 0.0), -(score or 0.0))


def with_changes(run: Run, board: Board, rows: Sequence[TrialRow]) -> list[TrialRow]:
    """Rows with their difference to the baseline, each on the examples that both have a score on.

    Where nothing failed, full evaluations share all of them: their means say it without asking.
    """
    whole = board.baseline if board.baseline and not board.baseline.errors else None
    apart = [r.number for r in rows if r.score is not None and not _shares_all(r, whole)]
    paired = _paired_changes(run, apart)
    return [replace(row, change=_change(row, whole, paired)) for row in rows]


def _shares_all(row: TrialRow, whole: TrialRow | None) -> bool:
    return whole is not None and row.full and not row.errors


def _change(row: TrialRow, whole: TrialRow | None, paired: dict[int, float]) -> float | None:
    if whole is not None and _shares_all(row, whole):
        return None if row.score is None or whole.score is None else row.score - whole.score
    return paired.get(row.number)


def _paired_changes(run: Run, numbers: list[int]) -> dict[int, float]:
    if not numbers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH base AS (
                SELECT DISTINCT ON (o.example) o.example, o.score
                FROM optimizer_trial t
                JOIN optimizer_candidate c ON c.id = t.candidate_id AND c.number = 0
                JOIN optimizer_exchange e ON e.id = t.exchange_id AND e.model = 0
                JOIN optimizer_outcome o ON o.exchange_id = t.exchange_id AND o.score IS NOT NULL
                WHERE t.run_id = %s
                ORDER BY o.example, t.full DESC, t.number
            )
            SELECT t.number, avg(o.score - base.score)
            FROM optimizer_trial t
            JOIN optimizer_outcome o ON o.exchange_id = t.exchange_id AND o.score IS NOT NULL
            JOIN base ON base.example = o.example
            WHERE t.run_id = %s AND t.number = ANY(%s)
            GROUP BY t.number
            """,
            [run.pk, run.pk, numbers],
        )
        return dict(cursor.fetchall())


def score_chart(
    board: Board,
    planned: int,
    address: tuple[str, int],
    bests: Sequence[tuple[int, float]],
    baseline: float | None,
    means: Mapping[int, tuple[float, int]] | None = None,
) -> charts.ScoreChart:
    """Score by trial; each mark leads to its candidate. `address`: project and number of the run.

    `bests`: after which trial the best full score was what. `means`: where trials are blocks of one
    measurement, what their candidates have come to by then, and on how many examples.
    """
    url = reverse("runs:candidate", args=[*address, 0])[:-2]
    trials = [
        charts.Trial(
            t.number, cast(float, t.score), t.full, t.name, f"{url}{t.candidate}/",
            t.low if t.full else None, t.high if t.full else None,
        )
        for t in board.scored
    ]  # fmt: skip
    if means is not None:
        sizes = {t.number: t.size for t in board.scored}
        trials = [_drawn_at(t, means.get(t.number), sizes[t.number]) for t in trials]
    return charts.score_by_trial(trials, planned, baseline, bests=bests)


def _drawn_at(trial: charts.Trial, mean: tuple[float, int] | None, size: int) -> charts.Trial:
    """`size`: examples of the trial itself; a mean of no more is a first look."""
    if mean is None or trial.full:
        return trial
    return replace(trial, score=mean[0], examples=mean[1], faint=mean[1] <= size)


def cost_chart(board: Board, project: str, project_run_number: int) -> charts.CostChart | None:
    """Fully evaluated candidates by what a thousand examples cost; None when nothing costs."""
    proved = [t for t in (board.baseline, *board.fulls) if t is not None and t.score is not None]
    proved = [t for t in proved if not t.unpriced]  # what is missing would make them look cheap
    if len(proved) < 2 or not any(t.cost for t in proved):
        return None
    url = reverse("runs:candidate", args=[project, project_run_number, 0])[:-2]
    latest = {t.candidate: t for t in proved}
    return charts.cost_and_score(
        [
            charts.Cost(
                t.name, cast(float, t.score), round(1000 * t.cost / max(t.size, 1)),
                f"{url}{t.candidate}/",
            )
            for t in latest.values()
        ]
    )  # fmt: skip

"""Where the marks of a chart stand. Templates under parts/charts/ draw them; nothing here is HTML.

Scores are 0–1. Places across are percent of the width, so that a drawing needs no script to fit
390 or 1440 pixels; places down are pixels. Charts that cannot be drawn are empty, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

from django.utils.translation import gettext as _

from promptlab.ui.axes import Tick, scale_around

_Place = Callable[[float], float]
Outcome = Literal["win", "loss", "tie", "pending"]

SCORE_HEIGHT = 232
SCATTER_HEIGHT = 150
# Above this many trials, minibatches are drawn as ranges: a mark each would weigh 100 kB.
MOST_MARKS = 600
BINS = 120
SCORES = (0.0, 1.0)
HEAT_LEVELS = 9


@dataclass(frozen=True, slots=True)
class Trial:
    """One scored evaluation. `low` and `high` bound a full evaluation's score, where known.

    `examples`: of how many the score is, where that is not the same for all. `faint`: of so few
    that the mark should not be looked at first.
    """

    number: int
    score: float
    full: bool
    candidate: str = ""
    url: str = ""
    low: float | None = None
    high: float | None = None
    examples: int | None = None
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """From (x1, y1) to (x2, y2)."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A trial at its place; `whisker` is the interval of a full evaluation."""

    x: float
    y: float
    trial: Trial
    whisker: Line | None = None


@dataclass(frozen=True, slots=True)
class Bin:
    """The range of several minibatch scores."""

    x: float
    y1: float
    y2: float
    first: int
    last: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """Score by trial. Only full evaluations move `steps`: a lucky minibatch raises nothing."""

    height: int
    total: int
    done: int
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    baseline: float | None
    baseline_y: float | None
    best: float | None
    steps: tuple[Line, ...]
    full: tuple[Mark, ...]
    mini: tuple[Mark, ...]
    bins: tuple[Bin, ...]


def score_by_trial(
    trials: Sequence[Trial],
    total: int,
    baseline: float | None,
    height: int = SCORE_HEIGHT,
    most_marks: int = MOST_MARKS,
    bests: Sequence[tuple[int, float]] | None = None,
) -> ScoreChart:
    """`trials` in order of their numbers, which begin at 1; `total` is how many are planned.

    `bests`: the best full score after which trial; without it, the highest from the baseline on.
    """
    total = max(total, trials[-1].number if trials else 1, 1)
    down = scale_around(
        _heights(trials, baseline), height, least_span=0.08, bounds=SCORES, downwards=True
    )

    def across(number: float) -> float:
        return round(100 * (number - 0.5) / total, 2)

    full = tuple(
        Mark(across(t.number), down.at(t.score), t, _whisker(t, across(t.number), down.at))
        for t in trials
        if t.full
    )
    minibatches = [t for t in trials if not t.full]
    crowded = len(trials) > most_marks
    if bests is None:
        bests = _highest(trials, baseline)
    steps = _steps(bests, trials[-1].number if trials else 0, across, down.at)
    return ScoreChart(
        height=height,
        total=total,
        done=len(trials),
        y_ticks=down.ticks(6),
        x_ticks=tuple(Tick(across(n), n) for n in _numbers(total)),
        baseline=baseline,
        baseline_y=None if baseline is None else down.at(baseline),
        best=bests[-1][1] if bests else None,
        steps=steps,
        full=full,
        mini=()
        if crowded
        else tuple(Mark(across(t.number), down.at(t.score), t) for t in minibatches),
        bins=tuple(_bins(minibatches, total, across, down.at)) if crowded else (),
    )


def _heights(trials: Sequence[Trial], baseline: float | None) -> list[float]:
    found = [t.score for t in trials] + ([] if baseline is None else [baseline])
    ends = (end for t in trials if t.full for end in (t.low, t.high))
    return found + [end for end in ends if end is not None]


def _whisker(trial: Trial, x: float, down: _Place) -> Line | None:
    if trial.low is None or trial.high is None:
        return None
    return Line(x, down(trial.high), x, down(trial.low))


def _highest(trials: Sequence[Trial], baseline: float | None) -> list[tuple[int, float]]:
    """The highest full score so far, after which trial; 0 is the baseline."""
    found = [] if baseline is None else [(0, baseline)]
    for trial in trials:
        if trial.full and (not found or trial.score > found[-1][1]):
            found.append((trial.number, trial.score))
    return found


def _steps(
    bests: Sequence[tuple[int, float]], last: int, across: _Place, down: _Place
) -> tuple[Line, ...]:
    """The best so far as level and upright lines, from the first one to the last trial."""
    if not last:
        return ()
    places = [(max(across(number), 0.0), down(score)) for number, score in bests]
    lines = []
    for (x1, y1), (x2, y2) in pairwise(places):
        lines += [Line(x1, y1, x2, y1), Line(x2, y1, x2, y2)]
    if places:
        lines.append(Line(*places[-1], across(last), places[-1][1]))
    return tuple(line for line in lines if (line.x1, line.y1) != (line.x2, line.y2))


def _numbers(total: int) -> list[int]:
    """Which trial numbers stand under the axis: at most nine, evenly apart, the first among them
    where there are few."""
    if total <= 8:
        return list(range(1, total + 1))
    step = next(
        size * power
        for power in (1, 10, 100, 1000, 10_000, 100_000, 1_000_000)
        for size in (2, 5, 10)
        if total / (size * power) <= 9
    )
    return list(range(step, total + 1, step))


def _bins(trials: Sequence[Trial], total: int, across: _Place, down: _Place) -> list[Bin]:
    size = max(1, -(-total // BINS))
    drawn = []
    for _bin, group in groupby(trials, key=lambda t: (t.number - 1) // size):
        members = list(group)
        low, high = min(t.score for t in members), max(t.score for t in members)
        middle = (members[0].number + members[-1].number) / 2
        first, last = members[0].number, members[-1].number
        drawn.append(Bin(across(middle), down(high), down(low), first, last, low, high))
    return drawn


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of 1 with its name."""

    name: str
    share: float

    @property
    def width(self) -> float:
        return round(100 * min(max(self.share, 0.0), 1.0), 1)


def importance(shares: Sequence[tuple[str, float]]) -> tuple[Bar, ...]:
    """How much of the score's variance each module explains, the most first."""
    return tuple(Bar(name, share) for name, share in sorted(shares, key=lambda s: (-s[1], s[0])))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring examples with the same outcome."""

    outcome: Outcome
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Strip:
    """Wins, losses and ties of one candidate, example by example."""

    stretches: tuple[Stretch, ...]
    wins: int
    losses: int
    ties: int

    @property
    def examples(self) -> int:
        return self.wins + self.losses + self.ties


def win_loss(outcomes: Sequence[Outcome], sort: bool = True) -> Strip:
    """One stretch a run of equal outcomes. Sorted: wins to the left, losses to the right."""
    order: tuple[Outcome, ...] = ("win", "tie", "pending", "loss")
    shown = sorted(outcomes, key=order.index) if sort else outcomes
    stretches, start = [], 0
    for outcome, group in groupby(shown):
        length = len(list(group))
        share = 100 / len(shown)
        stretches.append(Stretch(outcome, round(start * share, 3), round(length * share, 3)))
        start += length
    counts = [outcomes.count(outcome) for outcome in ("win", "loss", "tie")]
    return Strip(tuple(stretches), *counts)


@dataclass(frozen=True, slots=True)
class Cost:
    """A candidate's score and what a thousand calls of it cost, in micro-dollars."""

    name: str
    score: float
    micro_usd: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class CostMark:
    """`front`: no other candidate is both cheaper and better."""

    x: float
    y: float
    front: bool
    cost: Cost


@dataclass(frozen=True, slots=True)
class CostChart:
    height: int
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    steps: tuple[Line, ...]
    marks: tuple[CostMark, ...]


def cost_and_score(costs: Sequence[Cost], height: int = SCATTER_HEIGHT) -> CostChart:
    """Cost across, score up, and the front of those that nothing beats on both."""
    down = scale_around(
        [c.score for c in costs], height, least_span=0.08, bounds=SCORES, downwards=True
    )
    most = max((c.micro_usd for c in costs), default=0) or 1
    across = scale_around([0.0, float(most)], 100, least_span=1, bounds=(0.0, most * 1.12))
    front = _front(costs)
    places = {id(c): (across.at(c.micro_usd), down.at(c.score)) for c in costs}
    lines = []
    for cheap, dear in pairwise(front):
        (x1, y1), (x2, y2) = places[id(cheap)], places[id(dear)]
        lines += [Line(x1, y1, x2, y1), Line(x2, y1, x2, y2)]
    on_front = {id(c) for c in front}
    marks = tuple(CostMark(*places[id(c)], id(c) in on_front, c) for c in costs)
    return CostChart(height, down.ticks(4), across.ticks(4), tuple(lines), marks)


def _front(costs: Sequence[Cost]) -> list[Cost]:
    front: list[Cost] = []
    for cost in sorted(costs, key=lambda c: (c.micro_usd, -c.score)):
        if not front or cost.score > front[-1].score:
            front.append(cost)
    return front


@dataclass(frozen=True, slots=True)
class HeatCell:
    """The mean score of `count` trials that made a choice; None where nobody tried it: `why`."""

    score: float | None
    count: int
    level: int
    chosen: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class HeatRow:
    label: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """One module: instructions down, demo sets across."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]


def heat(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    scores: dict[tuple[int, int], list[float]],
    chosen: tuple[int, int] | None = None,
) -> Heat:
    """`scores` maps (row, column) to the scores of all trials with that choice. The nine levels
    span the means that were found."""
    means = {place: sum(found) / len(found) for place, found in scores.items() if found}
    low, high = min(means.values(), default=0.0), max(means.values(), default=1.0)

    def cell(place: tuple[int, int]) -> HeatCell:
        mean = means.get(place)
        if mean is None:
            why = _("not tried") if any(place) else _("the baseline only")
            return HeatCell(None, 0, 0, place == chosen, why)
        share = 0.5 if high == low else (mean - low) / (high - low)
        level = min(int(share * HEAT_LEVELS), HEAT_LEVELS - 1)
        return HeatCell(mean, len(scores[place]), level, place == chosen)

    return Heat(
        title,
        tuple(columns),
        tuple(
            HeatRow(label, tuple(cell((row, column)) for column in range(len(columns))))
            for row, label in enumerate(rows)
        ),
    )

"""How a metric judges the dataset's own right answers, and those of other examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from optimizer.core.evaluation.metric import Metric as CoreMetric
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value, written
from promptlab.datasets.models import Dataset
from promptlab.datasets.queries import as_example, find_examples
from promptlab.metrics.judged import judged
from promptlab.metrics.models import Metric

MANY = 100
"""Examples whose right answers are judged."""


@dataclass(frozen=True)
class Bin:
    """Scores from `low` to below `high`, or just these where both are the same: how many right
    answers have one, and how many answers to other examples.
    """

    low: float
    high: float
    own: int
    other: int


EDGES = ((0.0, 0.0), (0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0), (1.0, 1.0))
"""Wrong and wholly right by themselves, and what is between them in quarters."""


@dataclass(frozen=True)
class Gold:
    """What a metric makes of right answers: `own` is each example's (it should be 1), `other` that
    of another example, which expects something else (it should be low). None: nothing was judged.
    `bins`: how the scores of both are spread.
    """

    own: float | None
    other: float | None
    judged: int
    bins: tuple[Bin, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether a right answer is not right by this metric."""
        return self.own is not None and self.own < 1.0

    @property
    def blind(self) -> bool:
        """Whether it cannot tell right answers from others' answers."""
        return self.own is not None and self.other is not None and self.other >= self.own


@dataclass(frozen=True)
class Agreement:
    """Another metric of the project, and on how many of the same answers both say right, or both
    say wrong.
    """

    name: str
    alike: int
    of: int


MOST_OTHERS, COMPARED = 5, 40
"""Metrics that are compared with, and examples; it is done anew as somebody types."""


def agreements_of(
    dataset: Dataset | None, metric: CoreMetric | None, others: Iterable[Metric]
) -> list[Agreement]:
    """How other metrics that need no model judge the same answers: right ones, and those to other
    examples. Those are left out that judge other outputs.
    """
    if dataset is None or metric is None or not _judges_here(metric):
        return []
    examples = _examples(dataset, metric)[:COMPARED]
    pairs = [(example, example) for example in examples] + _strangers(metric, examples)
    own = _scores(metric, pairs)
    fitting = [o for o in others if o.core != metric and _judges_here(o.core)]
    fitting = [o for o in fitting if o.core.columns == metric.columns]
    found = []
    for other in fitting[:MOST_OTHERS]:
        told = zip(own, _scores(other.core, pairs), strict=True)
        both = [
            (one >= metric.threshold) == (theirs >= other.core.threshold)
            for one, theirs in told
            if one is not None and theirs is not None
        ]
        found.append(Agreement(other.name, sum(both), len(both)))
    return [agreement for agreement in found if agreement.of]


def gold_of(dataset: Dataset | None, metric: CoreMetric | None) -> Gold | None:
    """How right answers of the dataset are judged; None where a model would have to be asked, or
    nothing is compared with a column.
    """
    if dataset is None or metric is None or not _judges_here(metric):
        return None
    examples = _examples(dataset, metric)
    own = _scores(metric, [(e, e) for e in examples])
    other = _scores(metric, _strangers(metric, examples))
    judged_ones = sum(score is not None for score in own)
    return Gold(_mean(own), _mean(other), judged_ones, spread_of(own, other))


def spread_of(own: Sequence[float | None], other: Sequence[float | None]) -> tuple[Bin, ...]:
    """Both counted by score."""
    return tuple(
        Bin(low, high, *(sum(_within(s, low, high) for s in some) for some in (own, other)))
        for low, high in EDGES
    )


def _within(score: float | None, low: float, high: float) -> bool:
    if score is None:
        return False
    return score == low if low == high else low < score < high or (score == low and low > 0)


def _judges_here(metric: CoreMetric) -> bool:
    """Whether it compares with a column, and asks no model."""
    return bool(metric.columns) and not (metric.lm_calls or metric.embedding_models)


def _examples(dataset: Dataset, metric: CoreMetric) -> list[Example]:
    """Validation examples that expect something in each of the metric's columns."""
    found = list(find_examples(dataset, "validation")[:MANY])
    examples = [as_example(row) for row in found or dataset.examples.all()[:MANY]]
    return [e for e in examples if all(e.expected.get(c) is not None for c in metric.expects)]


def _scores(metric: CoreMetric, pairs: Sequence[tuple[Example, Example]]) -> list[float | None]:
    """The answers that the second ones expect, judged as answers to the first ones; None where that
    cannot be.
    """
    found = (judged(metric, example, _right(metric, giver))[0] for example, giver in pairs)
    return [score.value if score is not None else None for score in found]


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return fmean(known) if known else None


def _strangers(metric: CoreMetric, examples: Sequence[Example]) -> list[tuple[Example, Example]]:
    """Each example with the next one that expects something else."""
    told = [tuple(written(e.expected.get(c)) for c in metric.expects) for e in examples]
    found = []
    for at, example in enumerate(examples):
        order = ((at + step) % len(examples) for step in range(1, len(examples)))
        stranger = next((n for n in order if told[n] != told[at]), None)
        if stranger is not None:
            found.append((example, examples[stranger]))
    return found


def _right(metric: CoreMetric, example: Example) -> dict[str, Value]:
    return {output: example.expected.get(column) for output, column in metric.columns.items()}

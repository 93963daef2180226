"""What can be told of a metric on its dataset before anything is spent: whether right answers are
right by it, and how small a difference the validation split can show.
"""

from __future__ import annotations

import math

from optimizer.core.evaluation.metric import Metric
from optimizer.core.problems import Problem, fine, warning
from promptlab.datasets.models import Dataset
from promptlab.metrics.gold import gold_of

DISAGREE = 0.3
"""Share of examples on which two prompts differ, as it is usual; what a difference is told from."""
FEWEST = 6
"""With fewer examples nothing at all can be told."""


def preflight(dataset: Dataset, metric: Metric, validation: int) -> list[Problem]:
    """Findings beside those that need no row, of so many examples that score candidates."""
    return [*_gold(dataset, metric), *_smallest_difference(validation)]


def _gold(dataset: Dataset, metric: Metric) -> list[Problem]:
    gold = gold_of(dataset, metric)
    if gold is None or gold.own is None:
        return []
    told = {"own": round(100 * gold.own, 1), "n": gold.judged}
    if gold.blind:
        return [warning("metric.blind", "metric", other=round(100 * (gold.other or 0), 1), **told)]
    if gold.broken:
        return [warning("metric.gold_broken", "metric", **told)]
    if gold.other is None:
        return []
    return [fine("metric.gold_right", "metric", other=round(100 * gold.other, 1), n=gold.judged)]


def _smallest_difference(n: int) -> list[Problem]:
    """The gain that is seen four times in five, at 95 % (paired, normal approximation)."""
    if n < FEWEST:
        return []
    gain = (1.96 + 0.84) * math.sqrt(DISAGREE / n)
    return [fine("data.smallest_difference", "dataset", gain=round(100 * gain, 1), n=n)]

"""How much of one gain another one is, with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.core.evaluation.stats import Z95


@dataclass(frozen=True)
class Share:
    """A ratio of two mean differences on the same examples, with its 95 % interval."""

    value: float
    low: float
    high: float


def share_of(part: Sequence[float], whole: Sequence[float]) -> Share | None:
    """What `part` is of `whole`: per-example differences to the same baseline, in the same order.

    Fieller's interval of a ratio of two means that are not independent. None where the whole may
    be nothing, so that the ratio may be anything.
    """
    n = len(whole)
    if n < 2 or len(part) != n:
        return None
    table = np.array([part, whole], dtype=float)
    above, below = (float(mean) for mean in table.mean(axis=1))
    scatter = np.cov(table) / n
    smoothed = 1.0 / (n * n)  # by one example, as in comparisons: equal ones claim no certainty
    square = Z95**2
    denominator = below**2 - square * (float(scatter[1, 1]) + smoothed)
    if denominator <= 0 or below <= 0:
        return None
    middle = above * below - square * float(scatter[0, 1])
    rest = above**2 - square * (float(scatter[0, 0]) + smoothed)
    width = math.sqrt(max(middle**2 - denominator * rest, 0.0))
    return Share(above / below, (middle - width) / denominator, (middle + width) / denominator)

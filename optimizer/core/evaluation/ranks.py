"""Whether two models agree on which prompts are better: Kendall's tau, with its uncertainty."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLED = 300
"""Draws of the examples, with replacement, that an interval is read from."""


@dataclass(frozen=True)
class Agreement:
    """1: the same order, 0: none, −1: the opposite one; with a 95 % interval."""

    tau: float
    low: float
    high: float


def kendall(first: Floats, second: Floats) -> float | None:
    """Tau-b of two rows of scores; None where one of them has no order."""
    upper = np.triu_indices(len(first), 1)
    one, other = (
        np.sign(np.round(scores[:, None] - scores[None, :], 9))[upper] for scores in (first, second)
    )
    both = float(np.sqrt(np.count_nonzero(one) * np.count_nonzero(other)))
    return float((one * other).sum()) / both if both else None


def agreement(first: Floats, second: Floats, seed: int = 0) -> Agreement | None:
    """Of two tables, candidates × the same examples. None where there is no order to compare."""
    tau = kendall(first.mean(axis=1), second.mean(axis=1)) if first.size else None
    if tau is None:
        return None
    rng, n = random.Random(f"{seed}:ranks"), first.shape[1]
    drawn = []
    for _ in range(RESAMPLED):
        rows = [rng.randrange(n) for _ in range(n)]
        found = kendall(first[:, rows].mean(axis=1), second[:, rows].mean(axis=1))
        drawn.append(0.0 if found is None else found)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Agreement(tau, min(float(low), tau), max(float(high), tau))

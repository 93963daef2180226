"""Honest numbers: every mean with its n and interval, every comparison paired."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from optimizer.core.evaluation.outcome import Outcome

Z95 = 1.959964

COIN = 0.25
"""Variance of a fair coin."""

MARGIN = 0.03
"""A loss of at most three points is none that matters: “no worse” rules out a larger one."""

FEWEST = 10
"""Fewer examples than these settle nothing: an interval of them is not to be trusted."""


@dataclass(frozen=True)
class Estimate:
    """A mean score in 0–1 of `n` examples with its 95 % interval; `errors` were left out of it."""

    mean: float
    n: int
    low: float
    high: float
    errors: int = 0


@dataclass(frozen=True)
class MinibatchScore(Estimate):
    """A score on a random part of the examples. It is never compared with a FullScore."""


@dataclass(frozen=True)
class FullScore(Estimate):
    """A score on every example of the split."""


@dataclass(frozen=True)
class Comparison:
    """Two candidates on the same examples: `gain` is second minus first, with its 95 % interval.

    `p` is the two-sided exact sign test over wins and losses.
    """

    n: int
    wins: int
    losses: int
    ties: int
    gain: float
    low: float
    high: float
    p: float

    @property
    def verdict(self) -> str:
        """One of better, no_worse, worse, tied, unknown.

        “no_worse”: ahead, not by enough to be proved, and a loss beyond MARGIN is ruled out.
        """
        if self.n == 0:
            return "unknown"
        if self.low > 0 and self.p < 0.05:
            return "better"
        if self.high < 0 and self.p < 0.05:
            return "worse"
        ahead = self.gain > 0 and self.low > -MARGIN
        return "no_worse" if ahead and self.n >= FEWEST else "tied"


def scores_of(outcomes: Iterable[Outcome]) -> list[float]:
    return [o.score.value for o in outcomes if o.score is not None]


def minibatch_score(outcomes: Sequence[Outcome]) -> MinibatchScore:
    return MinibatchScore(*_parts(outcomes))


def full_score(outcomes: Sequence[Outcome]) -> FullScore:
    return FullScore(*_parts(outcomes))


def mean_interval(scores: Sequence[float]) -> tuple[float, float, float]:
    """Mean of scores in 0–1 with a 95 % interval.

    Wilson's interval. Scores between 0 and 1 scatter less than zeros and ones of the same mean, so
    the number of trials is scaled by how much less; both scatters are smoothed by that of one
    fair coin, so that a few equal scores claim no certainty.
    """
    n = len(scores)
    if n == 0:
        return 0.0, 0.0, 1.0
    mean = math.fsum(scores) / n
    binary = mean * (1 - mean)
    scatter = math.fsum((s - mean) ** 2 for s in scores)
    size = n * max((n * binary + COIN) / (scatter + COIN), 1.0)
    centre = (mean + Z95**2 / (2 * size)) / (1 + Z95**2 / size)
    half = Z95 / (1 + Z95**2 / size) * math.sqrt(binary / size + Z95**2 / (4 * size**2))
    return mean, max(0.0, min(mean, centre - half)), min(1.0, max(mean, centre + half))


def compare(first: Iterable[Outcome], second: Iterable[Outcome]) -> Comparison:
    """Pair two candidates' outcomes by example; examples without both scores are left out."""
    before = {o.example_id: o.score.value for o in first if o.score is not None}
    after = {o.example_id: o.score.value for o in second if o.score is not None}
    differences = [after[key] - before[key] for key in before if key in after]
    return compare_differences(differences)


def compare_differences(differences: Sequence[float], comparisons: int = 1) -> Comparison:
    """The paired comparison of per-example differences (second minus first).

    `comparisons`: with how many the first is compared at once. That one of them looks better by
    luck is as unlikely as with one alone: p is that many times as large, and the interval as wide
    as it takes (Bonferroni).
    """
    n = len(differences)
    wins = sum(d > 1e-12 for d in differences)
    losses = sum(d < -1e-12 for d in differences)
    if n == 0:
        return Comparison(0, 0, 0, 0, 0.0, 0.0, 0.0, 1.0)
    mean = math.fsum(differences) / n
    spread = math.fsum((d - mean) ** 2 for d in differences)
    error = math.sqrt((spread + 1.0) / (n * max(n - 1, 1))) if n > 1 else 1.0
    z = Z95 if comparisons == 1 else NormalDist().inv_cdf(1 - 0.025 / comparisons)
    low, high = max(-1.0, mean - z * error), min(1.0, mean + z * error)
    p = min(comparisons * sign_test(wins, losses), 1.0)
    return Comparison(n, wins, losses, n - wins - losses, mean, low, high, p)


def sign_test(wins: int, losses: int) -> float:
    """Two-sided exact binomial p of wins against losses; ties are left out."""
    n = wins + losses
    if n == 0:
        return 1.0
    term = total = 1
    for k in range(min(wins, losses)):
        term = term * (n - k) // (k + 1)
        total += term
    return min(1.0, 2 * (total / int(2**n)))


def _parts(outcomes: Sequence[Outcome]) -> tuple[float, int, float, float, int]:
    scores = scores_of(outcomes)
    mean, low, high = mean_interval(scores)
    return mean, len(scores), low, high, len(outcomes) - len(scores)

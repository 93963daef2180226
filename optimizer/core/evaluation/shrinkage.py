"""What the best of several candidates will score on new examples: less than it just did.

Whoever scores highest of many was lucky, too. The scores of all fully evaluated candidates say how
much of their differences is luck; that much is taken off again (an empirical-Bayes normal-normal
model: Efron and Morris, 1975; for selected winners, Efron, 2011).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.evaluation.stats import COIN, Z95, Estimate, FullScore

Floats = NDArray[np.float64]
K = TypeVar("K")

WIDEST = 0.5
STEPS = 200
"""Spreads between candidates that are thought possible: 0 to WIDEST, in so many steps."""
USUAL = 0.05
"""Most candidates differ by a few points; a spread far beyond needs evidence."""


@dataclass(frozen=True)
class _Scores:
    """Means, the variance of each mean that is its own (not shared), and the whole variance."""

    means: Floats
    own: Floats
    whole: Floats


def shrunken(scores: Sequence[FullScore], which: int, own: float | None = None) -> Estimate:
    """What candidate number `which` is expected to score on new examples, with a 95 % interval.

    `own` is the variance of one mean score that candidates on the same examples do not share
    (`own_variance`): hard examples are hard for all and make no winner. None: nothing is shared.
    A candidate alone keeps its score. The spread between candidates is integrated out, so few
    candidates claim no certainty about it.
    """
    score = scores[which]
    known = [s for s in scores if s.n]
    if len(known) < 2 or not score.n:
        return Estimate(score.mean, score.n, score.low, score.high, score.errors)
    data = _scores(known, own)
    place = next(i for i, s in enumerate(known) if s is score)
    mean, variance = _posterior(data, place)
    mean = float(np.clip(mean, data.means.min(), data.means.max()))
    shared = data.whole[place] - data.own[place]
    scale = float(np.sqrt(min((variance + shared) / data.whole[place], 1.0)))
    low, high = mean - (score.mean - score.low) * scale, mean + (score.high - score.mean) * scale
    low, high = max(0.0, min(mean, low)), min(1.0, max(mean, high))
    return Estimate(mean, score.n, low, high, score.errors)


def expected_score(
    full: Mapping[K, FullScore], outcomes: Mapping[K, Sequence[Outcome]], which: K
) -> Estimate:
    """`shrunken` for candidates by name, all scored on the same examples."""
    return expected_scores(full, outcomes, [which])[which]


def expected_scores(
    full: Mapping[K, FullScore], outcomes: Mapping[K, Sequence[Outcome]], which: Iterable[K]
) -> dict[K, Estimate]:
    """The same of several of them."""
    names, scores = list(full), list(full.values())
    own = own_variance([_by_example(outcomes[name]) for name in names if full[name].n])
    return {name: shrunken(scores, names.index(name), own) for name in which}


def own_variance(tables: Sequence[Mapping[str, float]]) -> float | None:
    """The variance of a candidate's mean that it does not share with the others.

    The residual of candidates × examples after both effects are taken out, over the examples that
    every candidate has a score on; None when there are too few of either. A table is one
    candidate's scores by example.
    """
    shared = set.intersection(*map(set, tables)) if tables else set()
    if len(tables) < 2 or len(shared) < 2:
        return None
    order = sorted(shared)
    table = np.array([[scores[example] for example in order] for scores in tables])
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    k, n = table.shape
    return float((np.square(rest).sum() + COIN) / ((k - 1) * (n - 1)) / n)


def _by_example(outcomes: Iterable[Outcome]) -> dict[str, float]:
    return {o.example_id: o.score.value for o in outcomes if o.score is not None}


def _scores(known: Sequence[FullScore], own: float | None) -> _Scores:
    whole = np.array([((s.high - s.low) / (2 * Z95)) ** 2 for s in known])
    whole = np.maximum(whole, 1e-9)
    part = whole if own is None else np.minimum(np.full(len(known), own), whole)
    return _Scores(np.array([s.mean for s in known]), np.maximum(part, 1e-9), whole)


def _posterior(data: _Scores, place: int) -> tuple[float, float]:
    """Mean and variance of the true score of one candidate, the spread integrated out."""
    spread = np.linspace(0.0, WIDEST, STEPS) ** 2
    weight = 1.0 / (data.own + spread[:, None])
    centre = (weight * data.means).sum(axis=1) / weight.sum(axis=1)
    misfit = (weight * np.square(data.means - centre[:, None])).sum(axis=1)
    fit = 0.5 * (np.log(weight).sum(axis=1) - np.log(weight.sum(axis=1)) - misfit)
    chance = np.exp(fit - fit.max()) / (1 + spread / USUAL**2)
    chance /= chance.sum()
    keep = spread * weight[:, place]
    means = centre + keep * (data.means[place] - centre)
    variances = keep * data.own[place] + np.square(1 - keep) / weight.sum(axis=1)
    mean = float((chance * means).sum())
    return mean, float((chance * (variances + np.square(means - mean))).sum())

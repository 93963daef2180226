"""The surrogate's variances, estimated from scores and held by weak priors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.core.search.arms import Floats

LEVEL_VARIANCE = 1.0
"""Prior variance of the level m around one half: as good as unknown for scores in 0–1."""
EFFECT_DOUBT = 1.5
"""Prior of an option effect's deviation around its typical one: deviation of its logarithm."""
RESIDUAL, RESIDUAL_DOUBT = 0.02, 1.0
"""Prior of the residual's deviation: median, and deviation of its logarithm."""
SMALLEST, LARGEST = 0.004, 0.4
"""Bounds of a deviation, in scores of 0–1."""
STEPS = (1.8, 1.3)
"""Factors by which a deviation is varied in the search for the likeliest."""
SHARE_PRIOR = (0.25, 0.2)
"""Prior shares of the variance within an arm: example difficulty, option effects on examples."""
PRIOR_WEIGHT = 30.0


@dataclass(frozen=True)
class Variances:
    """Of single scores of one arm, given its true mean: by their causes."""

    difficulty: float
    effects: Floats
    noise: float

    @property
    def total(self) -> float:
        return float(self.difficulty + self.effects.sum() + self.noise)


@dataclass(frozen=True)
class Evidence:
    """Scores of observed arms, boiled down: precision and information of their true means."""

    precision: Floats
    information: Floats


def estimated_variances(
    rows: Floats, similar: Sequence[Floats], typical: Sequence[float]
) -> Variances:
    """Variance components within arms, from products of scores on shared examples.

    `rows`, shape (arms, examples): scores, NaN where there is none. `similar`: for each effect how
    alike the arms are, shape (arms, arms); `typical`: its usual deviation.
    """
    seen = ~np.isnan(rows)
    mask, scores = seen.astype(np.float64), np.where(seen, rows, 0.0)
    mean = float(np.clip(scores.sum() / max(mask.sum(), 1.0), 0.05, 0.95))
    shared, products, sums = mask @ mask.T, scores @ scores.T, scores @ mask.T
    enough = shared >= 4
    spread = products - sums * sums.T / np.maximum(shared, 1)
    covariance = np.where(enough, spread / np.maximum(shared - 1, 1), 0.0)
    weight = np.where(enough, shared - 1, 0.0)
    own = np.diag(weight)
    total = (np.diag(covariance) @ own + 20 * mean * (1 - mean)) / (own.sum() + 20)
    pairs = np.triu_indices(len(rows), 1)
    columns = [s[pairs] for s in similar]
    design = np.column_stack([np.ones(len(pairs[0])), *columns])
    # Pairs of arms are far from independent: together they count as much as the arms.
    weights = weight[pairs] / max(1.0, len(rows) / 4)
    usual = np.array(typical)
    shares = SHARE_PRIOR[1] * usual / max(float(usual.sum()), 1e-9)
    prior = np.array([SHARE_PRIOR[0], *shares]) * total
    left = (design * weights[:, None]).T @ design + PRIOR_WEIGHT * np.eye(len(similar) + 1)
    right = (design * weights[:, None]).T @ covariance[pairs] + PRIOR_WEIGHT * prior
    found = np.maximum(_nonnegative(left, right), 1e-5)
    return Variances(float(found[0]), found[1:], float(max(total - found.sum(), 0.03 * total)))


def likeliest_deviations(
    evidence: Evidence, similar: Sequence[Floats], typical: Floats, start: Floats
) -> Floats:
    """Deviations of option effects and residual, by coordinate ascent on the posterior.

    `similar`: for each effect how alike the arms are, shape (arms, arms); `typical`: its usual
    deviation, and the residual's; `start`: where the ascent begins.
    """
    doubt = np.array([EFFECT_DOUBT] * len(similar) + [RESIDUAL_DOUBT])
    eye = np.eye(len(evidence.information))

    def likelihood(deviations: Floats) -> float:
        kernel = LEVEL_VARIANCE + deviations[-1] ** 2 * eye
        for deviation, matrix in zip(deviations, similar, strict=False):
            kernel = kernel + deviation**2 * matrix
        inner = eye + evidence.precision @ kernel
        solved = np.linalg.solve(inner, evidence.information)
        fit = evidence.information @ kernel @ solved - np.linalg.slogdet(inner)[1]
        return float(0.5 * (fit - (((np.log(deviations) - np.log(typical)) / doubt) ** 2).sum()))

    found = start
    best = likelihood(found)
    # Together first: effects that explain the same scores share them.
    directions = [np.ones(len(found)), *np.eye(len(found))]
    for step in STEPS:
        for direction in directions:
            for factor in (step, 1 / step):
                while True:
                    tried = np.clip(found * factor**direction, SMALLEST, LARGEST)
                    value = likelihood(tried)
                    if value <= best + 1e-6:
                        break
                    best, found = value, tried
    return np.asarray(found, dtype=np.float64)


def _nonnegative(left: Floats, right: Floats) -> Floats:
    """Solve left x = right, with what comes out negative set to 0 and the rest solved again."""
    active = np.ones(len(right), dtype=bool)
    found = np.asarray(np.linalg.solve(left, right), dtype=np.float64)
    while (found < 0).any():
        active &= found > 0
        found = np.zeros(len(right))
        if not active.any():
            break
        found[active] = np.linalg.solve(left[np.ix_(active, active)], right[active])
    return found

"""What is believed of arms' true means, given the evidence of their scores and the effects' sizes.

The true mean of arm c is f_c = m + Σ_g a_g(c) + r_c: an unknown level, an effect of each option,
and a residual of the combination, all of them Gaussian.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optimizer.core.search.arms import Arm, Factor, Floats
from optimizer.core.search.variances import LEVEL_VARIANCE, Evidence


@dataclass(frozen=True)
class Posterior:
    """What is believed of arms' true mean scores: means, shape (p,), and covariance, (p, p)."""

    mean: Floats
    covariance: Floats


@dataclass(frozen=True)
class _Solution:
    """`inner` = I + precision × kernel of the observed arms, `weights` = inner⁻¹ × information: any
    arm's mean is its kernel with the observed arms times the weights.
    """

    inner: Floats
    weights: Floats


@dataclass(frozen=True, eq=False)
class Beliefs:
    """`arms`: those that `evidence` is of, in its order; `deviations`: of the factors' effects and,
    last, of the residual.
    """

    factors: tuple[Factor, ...]
    arms: tuple[Arm, ...]
    evidence: Evidence
    deviations: Floats

    def posterior(self, pool: Sequence[Arm]) -> Posterior:
        """Beliefs about arms, observed or not."""
        across, solution = self._kernel(pool, self.arms), self._solved
        known = np.linalg.solve(solution.inner, self.evidence.precision @ across.T)
        covariance = self._kernel(pool, pool) - across @ known
        return Posterior(0.5 + across @ solution.weights, (covariance + covariance.T) / 2)

    def means(self, pool: Sequence[Arm]) -> Floats:
        """The posterior's means alone, in a fraction of its time."""
        across = self._kernel(pool, self.arms)
        return np.asarray(0.5 + across @ self._solved.weights, dtype=np.float64)

    def effects(self, index: int) -> Floats:
        """What is believed of each option's effect on the true mean, shape (options,)."""
        return np.asarray(self._shared(index) @ self._solved.weights, dtype=np.float64)

    def squares(self, index: int) -> Floats:
        """The expected square of each option's effect, shape (options,)."""
        shared, prior = self._shared(index), np.diag(self.factors[index].similarity)
        known = np.linalg.solve(self._solved.inner, self.evidence.precision @ shared.T)
        variance = prior * self.deviations[index] ** 2 - np.einsum("ij,ji->i", shared, known)
        return np.asarray(self.effects(index) ** 2 + np.maximum(variance, 0.0), dtype=np.float64)

    def _shared(self, index: int) -> Floats:
        """Covariance of one factor's effects with the observed arms' means: (options, arms)."""
        factor = self.factors[index]
        chosen = [arm[factor.parameter] for arm in self.arms]
        variance = self.deviations[index] ** 2
        return np.asarray(variance * factor.similarity[:, chosen], dtype=np.float64)

    @cached_property
    def _solved(self) -> _Solution:
        seen = self._kernel(self.arms, self.arms)
        inner = np.eye(len(self.arms)) + self.evidence.precision @ seen
        weights = np.asarray(np.linalg.solve(inner, self.evidence.information), dtype=np.float64)
        return _Solution(inner, weights)

    def _kernel(self, rows: Sequence[Arm], columns: Sequence[Arm]) -> Floats:
        deviations = self.deviations
        kernel = np.full((len(rows), len(columns)), LEVEL_VARIANCE)
        place = {arm: index for index, arm in enumerate(columns)}
        same = [(index, place[arm]) for index, arm in enumerate(rows) if arm in place]
        for pair in same:
            kernel[pair] += deviations[-1] ** 2
        for deviation, similar in zip(deviations, alike(self.factors, rows, columns), strict=False):
            kernel += deviation**2 * similar
        return kernel


def alike(factors: Sequence[Factor], rows: Sequence[Arm], columns: Sequence[Arm]) -> list[Floats]:
    """For each factor how alike arms are, shape (rows, columns)."""
    first, second = np.array(rows, dtype=int), np.array(columns, dtype=int)
    return [
        f.similarity.take(first[:, f.parameter], axis=0).take(second[:, f.parameter], axis=1)
        for f in factors
    ]

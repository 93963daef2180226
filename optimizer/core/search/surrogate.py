"""The racing surrogate: what scores say about options, examples, and untried combinations.

A mixed model of single scores. Arm c (one option per parameter) on example i scores

    y_ci = f_c + u_i + Σ_g w_g(c, i) + e_ci,      f_c = m + Σ_g a_g(c) + r_c

with an unknown level m, a difficulty u of each example, an effect a of each option, a residual r of
each combination, and an effect w of each option on each example. The last one matters: prompts with
the same demos are right on the same examples, so that a second look at an example says less than
the first look at another one. All effects are Gaussian with mean 0; their variances are estimated
from the scores and held by weak priors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.core.search.arms import Arm, Factor, Floats
from optimizer.core.search.beliefs import Beliefs, Posterior, alike
from optimizer.core.search.tails import with_tails
from optimizer.core.search.variances import (
    RESIDUAL,
    SMALLEST,
    Evidence,
    Variances,
    estimated_variances,
    likeliest_deviations,
)


@dataclass(frozen=True)
class Outlook:
    """What the next scores of each arm would tell.

    `functionals`, shape (p, p): row c is the combination of true means that they measure.
    `noise`, shape (p,): the variance of that measurement; infinite where nothing is left to see.
    """

    functionals: Floats
    noise: Floats


@dataclass
class Surrogate:
    """`size`: number of examples that arms are scored on."""

    factors: tuple[Factor, ...]
    size: int
    arms: list[Arm] = field(default_factory=list)
    _rows: list[Floats] = field(default_factory=list)
    _deviations: Floats | None = None
    _variances: Variances | None = None
    _evidence: Evidence | None = None
    _beliefs: Beliefs | None = None
    _tailed: Beliefs | None = None

    def observe(self, arm: Arm, positions: Sequence[int], scores: Sequence[float]) -> None:
        """Take in scores of an arm on examples, by their positions."""
        if arm not in self.arms:
            self.arms.append(arm)
            self._rows.append(np.full(self.size, np.nan))
        self._rows[self.arms.index(arm)][list(positions)] = scores
        self._evidence = self._beliefs = None

    def forget(self, arm: Arm) -> None:
        """Leave out an arm's scores, as when those that are missing would have been others."""
        if arm in self.arms:
            place = self.arms.index(arm)
            del self.arms[place], self._rows[place]
            self._evidence = self._beliefs = None

    def widen(self, factors: tuple[Factor, ...]) -> None:
        """Take other factors, usually the same with more options; scores are kept."""
        if [f.parameter for f in factors] != [f.parameter for f in self.factors]:
            self._deviations = None
        self.factors = factors
        self._variances = self._evidence = self._beliefs = None

    def learn(self) -> None:
        """Estimate all variances anew from the scores so far."""
        self._variances = self._estimate_variances()
        self._evidence = self._beliefs = None
        self._deviations = likeliest_deviations(
            self._boiled_down(),
            alike(self.factors, self.arms, self.arms),
            self._typical(),
            self._current_deviations(),
        )

    def posterior(self, pool: Sequence[Arm]) -> Posterior:
        """Beliefs about arms, observed or not."""
        return self._believed().posterior(pool)

    def means(self, pool: Sequence[Arm]) -> Floats:
        """The posterior's means alone, in a fraction of its time."""
        return self._believed().means(pool)

    def tailed_posterior(self, pool: Sequence[Arm]) -> Posterior:
        """Beliefs about arms where options may stand far out (`tails`)."""
        believed = self._believed()
        if self._tailed is None:
            self._tailed = with_tails(believed)
        return self._tailed.posterior(pool)

    def outlook(self, pool: Sequence[Arm], ahead: Sequence[Sequence[int]]) -> Outlook:
        """What scores of each arm at its positions `ahead` would tell; `pool` holds all `arms`.

        The positions of one arm are taken to have been seen by the same arms, as they are when
        all arms follow one order.
        """
        variances, deviation_of = self._current_variances(), self._within(self.arms, self.arms)
        place = {arm: index for index, arm in enumerate(pool)}
        columns = np.array([place[arm] for arm in self.arms], dtype=int)
        functionals, noise = np.eye(len(pool)), np.full(len(pool), np.inf)
        seen = ~np.isnan(np.array(self._rows))
        firsts = [positions[0] if len(positions) else None for positions in ahead]
        for first in sorted({first for first in firsts if first is not None}):
            who = np.array([p for p, other in enumerate(firsts) if other == first])
            counts = np.array([len(ahead[p]) for p in who])
            others = np.flatnonzero(seen[:, first])
            if not len(others):
                noise[who] = variances.total / counts
                continue
            shared = self._within([pool[p] for p in who], [self.arms[o] for o in others])
            known = deviation_of[np.ix_(others, others)] + variances.noise * np.eye(len(others))
            weights = np.linalg.solve(known, shared.T).T
            functionals[np.ix_(who, columns[others])] -= weights
            left = variances.total - (weights * shared).sum(axis=1)
            noise[who] = np.maximum(left, 0.02 * variances.total) / counts
        return Outlook(functionals, noise)

    def effects(self, factor: Factor) -> Floats:
        """What is believed of each option's effect on the true mean, shape (options,)."""
        return self._believed().effects(self.factors.index(factor))

    def importances(self) -> Floats:
        """Each factor's share of the variance of true means, shape (factors,), sum 1."""
        shares = self._current_deviations()[:-1] ** 2
        return np.asarray(shares / shares.sum(), dtype=np.float64)

    def _believed(self) -> Beliefs:
        if self._beliefs is None:
            self._tailed = None
            self._beliefs = Beliefs(
                self.factors, tuple(self.arms), self._boiled_down(), self._current_deviations()
            )
        return self._beliefs

    def _within(self, rows: Sequence[Arm], columns: Sequence[Arm]) -> Floats:
        """Covariance of two arms' scores on one example, given their true means, less noise."""
        variances = self._current_variances()
        found = np.full((len(rows), len(columns)), variances.difficulty)
        for effect, similar in zip(
            variances.effects, alike(self.factors, rows, columns), strict=True
        ):
            found += effect * similar
        return found

    def _typical(self) -> Floats:
        """Usual deviations of all effects and the residual, shape (factors + 1,)."""
        # With a single parameter a combination is no more than its option.
        combined = len({factor.parameter for factor in self.factors}) > 1
        residual = RESIDUAL if combined else SMALLEST
        return np.array([*(factor.typical for factor in self.factors), residual])

    def _current_variances(self) -> Variances:
        if self._variances is None:
            self._variances = self._estimate_variances()
        return self._variances

    def _current_deviations(self) -> Floats:
        if self._deviations is None:
            self._deviations = self._typical()
        return self._deviations

    def _estimate_variances(self) -> Variances:
        similar = alike(self.factors, self.arms, self.arms)
        typical = [factor.typical for factor in self.factors]
        return estimated_variances(np.array(self._rows), similar, typical)

    def _boiled_down(self) -> Evidence:
        if self._evidence is None:
            rows = np.array(self._rows)
            count = len(rows)
            covariance = self._within(self.arms, self.arms)
            covariance += self._current_variances().noise * np.eye(count)
            precision, information = np.zeros((count, count)), np.zeros(count)
            for arms, examples in _seen_alike(~np.isnan(rows)):
                inverse = np.linalg.inv(covariance[np.ix_(arms, arms)])
                precision[np.ix_(arms, arms)] += len(examples) * inverse
                information[arms] += inverse @ (rows[np.ix_(arms, examples)] - 0.5).sum(axis=1)
            self._evidence = Evidence(precision, information)
        return self._evidence


def _seen_alike(seen: NDArray[np.bool_]) -> Iterator[tuple[list[int], list[int]]]:
    """Examples in groups that the same arms have scores on: these arms, and the examples."""
    groups: dict[bytes, list[int]] = {}
    for example, column in enumerate(seen.T):
        groups.setdefault(column.tobytes(), []).append(example)
    for examples in groups.values():
        arms = np.flatnonzero(seen[:, examples[0]])
        if len(arms):
            yield arms.tolist(), examples

"""A bandit over proposal settings: which way of asking gives instructions that score (§4.3).

MIPRO++ as a linear bandit: every level of every setting has an effect of its own, believed
Gaussian; settings are drawn by Thompson sampling, and learn from the effects of the instructions
that they gave.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.core.search.arms import Floats
from optimizer.core.search.search import Choice

LEVEL = 0.02
"""Prior deviation of one level's effect, in scores of 0–1."""
LUCK = 0.03
"""Deviation of the instructions that the same settings give."""


@dataclass
class Bandit:
    """`sizes`: number of levels by setting."""

    sizes: Mapping[str, int]
    tried: Sequence[tuple[Choice, float]] = ()

    def learn(self, tried: Sequence[tuple[Choice, float]]) -> None:
        """Take what all settings so far came to: choices with their instructions' effects."""
        self.tried = tried

    def draw(self, rng: random.Random) -> Choice:
        """Settings for the next instruction: the best of one draw from what is believed."""
        mean, covariance = self._beliefs()
        root = np.linalg.cholesky(covariance + 1e-10 * np.eye(len(mean)))
        drawn = mean + root @ np.array([rng.gauss(0.0, 1.0) for _ in mean])
        choice, start = {}, 0
        for name, size in self.sizes.items():
            choice[name] = int(np.argmax(np.round(drawn[start : start + size], 9)))
            start += size
        return choice

    def effect(self, name: str) -> tuple[float, float]:
        """How much more level 1 of a setting brings than level 0, and the standard deviation."""
        mean, covariance = self._beliefs()
        start = sum(size for setting, size in self._before(name))
        contrast = np.zeros(len(mean))
        contrast[start : start + 2] = (-1.0, 1.0)
        return float(contrast @ mean), float(np.sqrt(contrast @ covariance @ contrast))

    def _before(self, name: str) -> list[tuple[str, int]]:
        names = list(self.sizes)
        return [(other, self.sizes[other]) for other in names[: names.index(name)]]

    def _beliefs(self) -> tuple[Floats, Floats]:
        count = sum(self.sizes.values())
        if not self.tried:
            return np.zeros(count), LEVEL**2 * np.eye(count)
        design = np.array([self._levels(choice) for choice, _ in self.tried])
        effects = np.array([effect for _, effect in self.tried])
        precision = design.T @ design / LUCK**2 + np.eye(count) / LEVEL**2
        covariance = np.linalg.inv(precision)
        return covariance @ design.T @ effects / LUCK**2, covariance

    def _levels(self, choice: Mapping[str, int]) -> Floats:
        """One column a level, 1 where it was chosen; a setting that was not asked has none."""
        columns = [
            float(choice.get(name, -1) == level)
            for name, size in self.sizes.items()
            for level in range(size)
        ]
        return np.array(columns)

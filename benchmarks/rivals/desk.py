"""Where rivals have their arms scored: one order of examples, one budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.simulator import Arm, Floats, Simulation

EXHAUSTIVE = 20_000
"""Arms that are listed one by one; of more, as many as are wanted are drawn."""


@dataclass(frozen=True)
class Pick:
    """The arm that a search chose, and the score that it reports for it (0–1)."""

    arm: Arm
    score: float


class Desk:
    """Scores arms on a growing part of one common order of the examples.

    `left`: examples that may still be scored.
    """

    def __init__(self, simulation: Simulation, calls: int, rng: np.random.Generator) -> None:
        self._simulation, self.left = simulation, calls
        self._order = [int(i) for i in rng.permutation(simulation.surface.examples)]
        self._scores: dict[Arm, Floats] = {}

    @property
    def examples(self) -> int:
        return len(self._order)

    @property
    def sizes(self) -> tuple[int, ...]:
        return self._simulation.surface.sizes

    @property
    def arms(self) -> list[Arm]:
        """Those that were scored, the first one first."""
        return list(self._scores)

    def seen(self, arm: Arm) -> int:
        """Examples that it was scored on."""
        return len(self._scores.get(arm, ()))

    def scores(self, arm: Arm) -> Floats:
        """In the common order, shape (seen,)."""
        return self._scores.get(arm, np.zeros(0))

    def mean(self, arm: Arm) -> float:
        return float(self._scores[arm].mean())

    def extend(self, arm: Arm, upto: int) -> int:
        """Score an arm on the first examples of the order, up to so many and as far as the budget
        goes; returns how many it was not scored on before.
        """
        start = self.seen(arm)
        ahead = self._order[start : min(upto, self.examples)][: max(self.left, 0)]
        if ahead:
            found = self._simulation.score(arm, ahead)
            self._scores[arm] = np.concatenate([self.scores(arm), found])
            self.left -= len(ahead)
        return len(ahead)

    def pool(self, most: int, rng: np.random.Generator) -> list[Arm]:
        """So many different arms in random order, all of them where there are no more."""
        count = float(np.prod([float(size) for size in self.sizes]))
        if count <= EXHAUSTIVE:
            flat = rng.permutation(int(count))[:most]
            found = np.stack(np.unravel_index(flat, self.sizes), axis=1)
        else:
            found = np.stack([rng.integers(0, size, most) for size in self.sizes], axis=1)
        return list(dict.fromkeys(tuple(int(option) for option in arm) for arm in found))

    def best(self, arms: list[Arm]) -> Pick:
        """The one with the highest mean; of equal ones the first."""
        arm = max(arms, key=lambda each: round(self.mean(each), 9))
        return Pick(arm, self.mean(arm))

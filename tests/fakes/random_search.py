"""A search that learns nothing: uniform choices, for tests that want no surrogate."""

from __future__ import annotations

import random
from collections.abc import Mapping

from optimizer.core.evaluation.stats import Estimate
from optimizer.core.search.search import Choice


class RandomSearch:
    def __init__(self, options: Mapping[str, int], seed: int, trials: int = 0) -> None:
        self._options = dict(options)
        self._random = random.Random(seed)

    def ask(self) -> Choice:
        return {name: self._random.randrange(n) for name, n in self._options.items()}

    def tell(self, choice: Choice, score: Estimate) -> None:
        """Random search learns nothing."""

    def importances(self) -> dict[str, float]:
        return {}

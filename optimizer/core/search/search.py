"""Searches over a fixed set of options: ask for a choice, tell its score."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Protocol

from optimizer.core.evaluation.stats import Estimate

Choice = dict[str, int]
"""Option index by search parameter."""


class Search(Protocol):
    """A surrogate over categories; what it asks depends only on its seed and what it was told."""

    def ask(self) -> Choice: ...

    def tell(self, choice: Choice, score: Estimate) -> None: ...

    def importances(self) -> dict[str, float]:
        """Each parameter's share in what was told, summing to 1; {} when it cannot be said."""
        ...


NewSearch = Callable[[Mapping[str, int], int, int], Search]
"""Makes a search: number of options by parameter, seed, number of trials planned."""


class RandomSearch:
    """Uniform choices; the plain baseline, and the search of tests that want no surrogate."""

    def __init__(self, options: Mapping[str, int], seed: int, trials: int = 0) -> None:
        self._options = dict(options)
        self._random = random.Random(seed)

    def ask(self) -> Choice:
        return {name: self._random.randrange(n) for name, n in self._options.items()}

    def tell(self, choice: Choice, score: Estimate) -> None:
        """Random search learns nothing."""

    def importances(self) -> dict[str, float]:
        return {}

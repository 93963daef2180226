"""Searches over a fixed set of options: ask for a choice, tell its score."""

from __future__ import annotations

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

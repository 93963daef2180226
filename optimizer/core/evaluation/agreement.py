"""How far two who give verdicts agree, beyond what chance gives them, and what leans on what."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.core.evaluation.stats import FEWEST, Z95, mean_interval


@dataclass(frozen=True)
class Agreement:
    """Two on the same `n` things. `share` of them alike, and `kappa`, Cohen's, None where both gave
    one and the same verdict to all; each with its 95 % interval.

    `table`: by the first one's verdict (rows) and the second one's (columns), in the order `names`.
    """

    n: int
    share: float
    low: float
    high: float
    kappa: float | None
    kappa_low: float
    kappa_high: float
    names: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]

    @property
    def settles_something(self) -> bool:
        return self.n >= FEWEST


def agreement(pairs: Sequence[tuple[str, str]], names: Sequence[str] = ()) -> Agreement:
    """`pairs` are the two verdicts on each thing. Names that are not among `names` come last.

    The interval of kappa is that of the share, with what chance gives taken as it was counted
    (Cohen 1960); Wilson's, so that full agreement on few claims no certainty.
    """
    known = (*names, *(name for pair in pairs for name in pair))
    order = tuple(dict.fromkeys(known))
    counted = Counter(pairs)
    n = len(pairs)
    share, low, high = mean_interval([float(one == other) for one, other in pairs])
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(first[name] * second[name] for name in order) / n**2 if n else 1.0
    beyond = [
        (value - chance) / (1 - chance) if chance < 1 else 0.0 for value in (share, low, high)
    ]
    table = tuple(tuple(counted[one, other] for other in order) for one in order)
    return Agreement(
        n, share, low, high, beyond[0] if chance < 1 else None, max(beyond[1], -1.0), beyond[2],
        order, table,
    )  # fmt: skip


@dataclass(frozen=True)
class Leaning:
    """Spearman's rank correlation over `n` pairs with its 95 % interval."""

    n: int
    value: float
    low: float
    high: float

    @property
    def is_there(self) -> bool:
        """Whether chance alone is ruled out."""
        return self.low > 0 or self.high < 0


def leaning(first: Sequence[float], second: Sequence[float]) -> Leaning | None:
    """Whether what ranks high in one ranks high in the other; None where too few say anything."""
    n = len(first)
    if n < FEWEST or len(set(first)) < 2 or len(set(second)) < 2:
        return None
    one, other = _ranks(first), _ranks(second)
    middle = (n - 1) / 2
    shared = math.fsum((a - middle) * (b - middle) for a, b in zip(one, other, strict=True))
    spread = math.prod(math.fsum((r - middle) ** 2 for r in ranks) for ranks in (one, other))
    value = shared / math.sqrt(spread)
    near = math.atanh(max(min(value, 0.999), -0.999))
    half = Z95 * 1.03 / math.sqrt(n - 3)  # Fieller, Hartley and Pearson 1957
    return Leaning(n, value, math.tanh(near - half), math.tanh(near + half))


def _ranks(values: Sequence[float]) -> list[float]:
    """From 0; equal ones share the middle of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and values[order[end + 1]] == values[order[at]]:
            end += 1
        for place in order[at : end + 1]:
            ranks[place] = (at + end) / 2
        at = end + 1
    return ranks

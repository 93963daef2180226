"""Scales of charts: round ticks, and places in percent (across) and pixels (down)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
# The room above and below the outermost value, in parts of the whole.
MARGIN = 0.12


@dataclass(frozen=True, slots=True)
class Tick:
    """`at` is a place in percent or pixels, `value` what stands there."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps low…high to 0…length, or turned over, for heights that grow downwards."""

    low: float
    high: float
    length: float
    downwards: bool = False

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round((1 - share if self.downwards else share) * self.length, 2)

    def ticks(self, about: int) -> tuple[Tick, ...]:
        return tuple(Tick(self.at(v), v) for v in round_values(self.low, self.high, about))


def scale_around(
    values: Iterable[float],
    length: float,
    *,
    least_span: float,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    downwards: bool = False,
) -> Scale:
    """A scale with air around the values; where all are alike, `least_span` around them."""
    found = list(values)
    low, high = (min(found), max(found)) if found else (0.0, least_span)
    air = max((high - low) * MARGIN, (least_span - (high - low)) / 2)
    low, high = max(low - air, bounds[0]), min(high + air, bounds[1])
    return Scale(low, high, length, downwards)


def round_values(low: float, high: float, about: int) -> list[float]:
    """At most about + 1 round numbers from low to high."""
    step = _round_step(max(high - low, 1e-12) / about)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(step * n, 10) for n in range(first, last + 1)]


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in ROUND_STEPS if power * step >= least * (1 - 1e-9))

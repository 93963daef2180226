"""Other searches, restated to play the same contest as racing and MIPROv2's: `RIVALS` by name.

Each takes a desk, which scores arms and owns the budget, and a generator, and picks an arm. All
score on the same examples in one order, and none scores an example of an arm twice.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.rivals import gittins, hyperband, random_search, sequential_halving
from benchmarks.rivals.desk import Desk, Pick
from benchmarks.simulator import Simulation

RIVALS: dict[str, Callable[[Desk, np.random.Generator], Pick]] = {
    "triple_sh": sequential_halving.search,
    "hbbops": hyperband.search,
    "gittins": gittins.search,
    "random": random_search.search,
}
NAMES = {
    "triple_sh": "TRIPLE-SH",
    "hbbops": "HbBoPs",
    "gittins": "Gittins",
    "random": "random",
}


def play(rival: str, simulation: Simulation, calls: int, seed: int) -> Pick:
    """What a rival picks with so many examples to score, the same for the same seed."""
    rng = np.random.default_rng([seed, 23])
    return RIVALS[rival](Desk(simulation, calls, rng), rng)

"""TRIPLE-SH: sequential halving of a pool of prompts with a fixed budget (arXiv 2402.09723).

In ceil(log2 n) phases of equal budget what is left of the pool is scored on further examples, and
the worse half is dropped. Phases add up: an arm is judged by all that it was scored on. Of very
many arms the pool is drawn, so large that the first phase shows each on `FIRST` examples.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.rivals.desk import Desk, Pick

FIRST = 5


def search(desk: Desk, rng: np.random.Generator) -> Pick:
    arms = desk.pool(pool_size(desk.left), rng)
    phases = max(math.ceil(math.log2(len(arms))), 1)
    share = desk.left // phases
    for _ in range(phases):
        more = max(share // len(arms), 1)
        for arm in arms:
            desk.extend(arm, desk.seen(arm) + more)
        arms = [arm for arm in arms if desk.seen(arm)]
        ranked = sorted(arms, key=lambda arm: -round(desk.mean(arm), 9))
        arms = ranked[: math.ceil(len(arms) / 2)]
    return desk.best(arms)


def pool_size(calls: int) -> int:
    """The most arms whose first phase takes FIRST examples each, 2 at least."""
    size = 2
    while (size + 1) * math.ceil(math.log2(size + 1)) * FIRST <= calls:
        size += 1
    return size

"""Random search with best-of: arms at random, each scored on everything; the best mean wins."""

from __future__ import annotations

import numpy as np

from benchmarks.rivals.desk import Desk, Pick


def search(desk: Desk, rng: np.random.Generator) -> Pick:
    """As many whole arms as the budget covers; a part of one where it covers none."""
    most = max(desk.left // desk.examples, 1)
    arms = desk.pool(most, rng)
    for arm in arms:
        desk.extend(arm, desk.examples)
    return desk.best([arm for arm in arms if desk.seen(arm)])

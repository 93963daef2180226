"""A Gittins-index bandit with Gaussian beliefs, after the summary of arXiv 2609.25645.

The paper itself could not be read here: this is the index policy that its abstract and our notes of
it describe, with constants of our own. Each arm's true mean is believed Gaussian and independent of
all others. An arm's index is the sure reward for which one would just as well stop as go on paying
for batches of it; the highest index is scored next. The pick is the highest mean less one standard
deviation. Its rule to stop is left out, as the budget is given.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from benchmarks.rivals.desk import Desk, Pick
from benchmarks.simulator import Arm, Floats

BATCH, SMALL_BATCH, SMALL = 8, 2, 150
"""Examples at a time, and where no more than SMALL are there."""
SPREAD = 0.1
"""Deviation of arms' true means before anything was scored."""
COST = 1e-4
"""What scoring an example must be worth, in scores of 0–1."""
PILOT_ARMS, PILOT_EXAMPLES = 8, 8
"""What the prior's mean and the noise are taken from."""
MOST_ARMS = 2000
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)


def search(desk: Desk, rng: np.random.Generator) -> Pick:
    waiting = desk.pool(MOST_ARMS, rng)
    for arm in waiting[:PILOT_ARMS]:
        desk.extend(arm, PILOT_EXAMPLES)
    prior = float(np.mean([desk.mean(arm) for arm in desk.arms]))
    noise = round(max(prior * (1 - prior), 0.05), 2)
    batch = SMALL_BATCH if desk.examples <= SMALL else BATCH
    premium = premiums(noise, batch, desk.examples)
    waiting = waiting[len(desk.arms) :]
    while desk.left > 0:
        arms = [arm for arm in desk.arms if desk.seen(arm) < desk.examples] + waiting[:1]
        if not arms:
            break
        index = [_belief(desk, a, prior, noise)[0] + premium[desk.seen(a) // batch] for a in arms]
        arm = arms[int(np.argmax(np.round(index, 9)))]
        desk.extend(arm, desk.seen(arm) + batch)
        if arm in waiting:
            waiting.remove(arm)
    arm = max(desk.arms, key=lambda a: round(_cautious(desk, a, prior, noise), 9))
    return Pick(arm, _belief(desk, arm, prior, noise)[0])


def _belief(desk: Desk, arm: Arm, prior: float, noise: float) -> tuple[float, float]:
    """Mean and variance of what is believed of an arm's true mean."""
    seen = desk.seen(arm)
    variance = _variance(seen, noise)
    return variance * (prior / SPREAD**2 + float(desk.scores(arm).sum()) / noise), variance


def _cautious(desk: Desk, arm: Arm, prior: float, noise: float) -> float:
    mean, variance = _belief(desk, arm, prior, noise)
    return mean - float(np.sqrt(variance))


def _variance(seen: int, noise: float) -> float:
    return 1 / (1 / SPREAD**2 + seen / noise)


@cache
def premiums(noise: float, batch: int, examples: int) -> Floats:
    """How far an arm's index lies above its believed mean, by the batches that it has seen.

    By backward induction over whole batches, on a grid of means relative to the sure reward.
    """
    grid = np.linspace(-5 * SPREAD, 5 * SPREAD, 1001)
    batches = -(-examples // batch)
    value = np.maximum(grid, 0.0)
    found = np.zeros(batches + 1)
    for seen in range(batches - 1, -1, -1):
        step = _variance(seen * batch, noise) - _variance((seen + 1) * batch, noise)
        moved = grid[:, None] + np.sqrt(step) * NODES
        goes_on = np.interp(moved, grid, value) @ (WEIGHTS / WEIGHTS.sum()) - COST * batch
        # Beyond the grid the value is the mean itself; interpolation would cap it.
        goes_on = np.where(grid > 4 * SPREAD, grid, goes_on)
        worthwhile = np.flatnonzero(goes_on >= 0)
        found[seen] = max(-float(grid[worthwhile[0]]), 0.0)
        value = np.maximum(np.maximum(grid, 0.0), goes_on)
    return found

"""HbBoPs without embeddings: Hyperband over examples, arms proposed by a Gaussian process
(arXiv 2412.07820).

Brackets begin with many arms on few examples or few arms on many, and halve. What enters a bracket
is, after some random arms, the largest expected improvement by a process over (instruction, demo
set) of every module, fitted to the most examples on which enough arms were scored. Subsets are
nested. The best of those scored on the most examples wins.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.rivals import gaussian_process
from benchmarks.rivals.desk import Desk, Pick
from benchmarks.simulator import Arm

KEPT = 2
"""Hyperband's eta: one of so many arms goes on, to so many times the examples."""
FEWEST = 10
"""Examples that an arm begins with, at least."""
ENOUGH = 4
"""Arms on equally many examples that a process is fitted to."""
CANDIDATES = 1000
"""Arms that an expected improvement is looked at of, where there are more."""


def search(desk: Desk, rng: np.random.Generator) -> Pick:
    levels = int(math.log(max(desk.examples / FEWEST, 1), KEPT))
    while desk.left > 0:
        before = desk.left
        for level in range(levels, -1, -1):
            _bracket(desk, rng, levels, level)
        if desk.left == before:  # Nothing is left to be proposed or seen.
            break
    most = max(desk.seen(arm) for arm in desk.arms)
    return desk.best([arm for arm in desk.arms if desk.seen(arm) == most])


def _bracket(desk: Desk, rng: np.random.Generator, levels: int, level: int) -> None:
    count = math.ceil((levels + 1) / (level + 1) * KEPT**level)
    arms: list[Arm] = []
    for stage in range(level + 1):
        upto = max(round(desk.examples / KEPT ** (level - stage)), 1)
        if not stage:
            arms = _entered(desk, rng, count, upto)
        for arm in arms:
            desk.extend(arm, upto)
        arms = [arm for arm in arms if desk.seen(arm) >= upto]
        ranked = sorted(arms, key=lambda arm: -round(float(desk.scores(arm)[:upto].mean()), 9))
        arms = ranked[: max(len(arms) // KEPT, 1)]


def _entered(desk: Desk, rng: np.random.Generator, count: int, upto: int) -> list[Arm]:
    """New arms, one after the other, as each is learned from before the next is proposed."""
    arms: list[Arm] = []
    while len(arms) < count and desk.left > 0:
        known = {arm for arm in desk.arms if desk.seen(arm) >= upto}
        fresh = [a for a in desk.pool(CANDIDATES, rng) if a not in known and a not in arms]
        if not fresh:
            break
        arm = _proposed(desk, fresh)
        desk.extend(arm, upto)
        arms.append(arm)
    return arms


def _proposed(desk: Desk, fresh: list[Arm]) -> Arm:
    """The largest expected improvement; the first of a random order while too little is known."""
    level = _level(desk)
    if not level:
        return fresh[0]
    arms = [arm for arm in desk.arms if desk.seen(arm) >= level]
    means = np.array([desk.scores(arm)[:level].mean() for arm in arms])
    improvement = gaussian_process.expected_improvement(arms, means, fresh, desk.sizes)
    return fresh[int(np.argmax(np.round(improvement, 9)))]


def _level(desk: Desk) -> int:
    """The most examples on which enough arms were scored, 0 when there are none."""
    seen = sorted((desk.seen(arm) for arm in desk.arms), reverse=True)
    return seen[ENOUGH - 1] if len(seen) >= ENOUGH else 0

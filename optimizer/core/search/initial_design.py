"""First looks: every option is shown on some examples, in whatever arm, before it may be left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from optimizer.core.search.arms import Arm, Floats

ENOUGH_BLOCKS = 2
"""Blocks that every option is shown on."""

Place = tuple[int, int]
"""A parameter and one of its options."""


def initial_design(asked: Mapping[Arm, int], pool: Sequence[Arm], enough: int) -> Floats:
    """How many options each arm's next block would show on examples that are new to them, of those
    shown on fewer than `enough`; shape (p,).

    `asked`: examples that arms were scored on, from the first one of the common order on. Of arms
    with as many such options, those count for more, by less than a whole option, that show what
    only the start has shown. The start is the arm with the first option of everything: as long as
    these are only seen together, what is wrong with one of them is held against the others.
    """
    start = (0,) * len(pool[0])
    shown = _shown(asked)
    beside = _shown({arm: count for arm, count in asked.items() if arm != start})
    found = np.zeros(len(pool))
    for index, arm in enumerate(pool):
        seen, places = asked.get(arm, 0), list(enumerate(arm))
        new = [place for place in places if seen >= shown.get(place, 0) < enough]
        entangled = [p for p in places if seen >= beside.get(p, 0) < enough <= shown.get(p, 0)]
        found[index] = len(new)
        if new and arm != start:
            found[index] += len(entangled) / (len(arm) + 1)
    return found


def _shown(asked: Mapping[Arm, int]) -> dict[Place, int]:
    """On how many examples each option was shown."""
    found: dict[Place, int] = {}
    for arm, count in asked.items():
        for place in enumerate(arm):
            found[place] = max(count, found.get(place, 0))
    return found

"""Arms: combinations of options, and the effects that they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Arm = tuple[int, ...]
"""One option index per parameter."""

EFFECT = 0.05
"""Usual deviation of an option's effect, in scores of 0–1."""
FREEDOM = 4.0
"""Somewhat heavier tails than a normal distribution's."""


@dataclass(frozen=True, eq=False)
class Factor:
    """An effect that arms share: `similarity[a, b]` of options a and b of one parameter.

    The identity matrix gives each option an effect of its own; an overlap matrix lets demo sets
    that have demos in common share theirs. Symmetric, positive semidefinite, ones on the diagonal.
    `typical` is the effect's usual deviation, in scores of 0–1; the scores correct it. `freedom`
    says how far options may stand out: the degrees of freedom of the t distribution of effects.
    `own` is the least deviation of the first option's effect, where that is not one of the others'
    kind: it was there before, and they were made.
    """

    parameter: int
    similarity: Floats
    typical: float = EFFECT
    freedom: float = FREEDOM
    own: float = 0.0

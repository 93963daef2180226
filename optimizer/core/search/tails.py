"""Heavy tails: an option that stands far out is not drawn towards the others.

Where one demo set adds thirty points and the others five, a normal distribution of their effects
takes the one for luck, and reports too little. A t distribution does not. It is a normal one whose
variance each option has for itself, and these are estimated from the scores: expectation and
maximization in turn (Lange, Little and Taylor, 1989). What the program had before is not one of the
options that were made for it, and is drawn to them even less.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.core.search.arms import Factor, Floats
from optimizer.core.search.beliefs import Beliefs

TURNS = 3


def with_tails(beliefs: Beliefs) -> Beliefs:
    """The same evidence, where the effects of each factor come from a t distribution with its
    degrees of freedom.

    Options without a score keep the factor's own variance, so that nothing is promised of them.
    """
    found = beliefs
    for turn in range(TURNS):
        stretched = []
        for index, factor in enumerate(beliefs.factors):
            usual = beliefs.deviations[index]
            ratio = found.squares(index) / usual**2
            roots = np.sqrt((factor.freedom + ratio) / (factor.freedom + 1))
            if turn == TURNS - 1:
                roots[0] = max(roots[0], factor.own / usual)
            stretched.append(_stretched(factor, roots))
        found = replace(beliefs, factors=tuple(stretched))
    return found


def _stretched(factor: Factor, roots: Floats) -> Factor:
    return replace(factor, similarity=factor.similarity * roots[:, None] * roots)

"""Heavy tails: an option that stands far out is not drawn towards the others.

Where one demo set adds thirty points and the others five, a normal distribution of their effects
takes the one for luck, and reports too little. A t distribution does not. It is a normal one whose
variance each option has for itself, and these are estimated from the scores: expectation and
maximization in turn (Lange, Little and Taylor, 1989).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.core.search.beliefs import Beliefs

TURNS = 3


def with_tails(beliefs: Beliefs) -> Beliefs:
    """The same evidence, where the effects of each factor come from a t distribution with its
    degrees of freedom.

    Options without a score keep the factor's own variance, so that nothing is promised of them.
    """
    found = beliefs
    for _ in range(TURNS):
        stretched = []
        for index, factor in enumerate(beliefs.factors):
            ratio = found.squares(index) / beliefs.deviations[index] ** 2
            multiples = (factor.freedom + ratio) / (factor.freedom + 1)
            roots = np.sqrt(multiples)
            stretched.append(replace(factor, similarity=factor.similarity * roots[:, None] * roots))
        found = replace(beliefs, factors=tuple(stretched))
    return found

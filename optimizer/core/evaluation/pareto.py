"""The Pareto front over examples: candidates that are best at something, and none that another
beats everywhere. Pure functions of scores; the reflective optimizer draws its parents here."""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping
from typing import TypeVar

Scores = Mapping[str, float]
"""A candidate's score by example id; examples whose call failed are left out."""

K = TypeVar("K", bound=Hashable)


def dominates(first: Scores, second: Scores) -> bool:
    """Whether `first` is at least as good wherever `second` was scored, and better somewhere.

    An example that only `second` has a score for keeps it from being dominated, so that the
    relation stays an order and some candidate always stands.
    """
    if not second or not second.keys() <= first.keys():
        return False
    gains = [first[example] - score for example, score in second.items()]
    return min(gains) >= 0 and max(gains) > 0


def wins(scores: Mapping[K, Scores]) -> dict[K, int]:
    """On how many examples each candidate has the highest score, shared ones counted for all."""
    best: dict[str, float] = {}
    for own in scores.values():
        for example, score in own.items():
            best[example] = max(best.get(example, score), score)
    return {
        key: sum(score == best[example] for example, score in own.items())
        for key, own in scores.items()
    }


def front(scores: Mapping[K, Scores]) -> dict[K, int]:
    """The candidates that are best on some example and dominated by none, with their wins.

    In the order given; empty only when no candidate has any score.
    """
    won = wins(scores)
    return {
        key: won[key]
        for key, own in scores.items()
        if won[key] and not any(dominates(other, own) for other in scores.values())
    }


def drawn(weights: Mapping[K, int], rng: random.Random) -> K:
    """One member of a front, in proportion to the examples it wins.

    Raises:
        ValueError: the front is empty.
    """
    if not weights:
        raise ValueError("nothing can be drawn from an empty front")
    return rng.choices(list(weights), list(weights.values()))[0]

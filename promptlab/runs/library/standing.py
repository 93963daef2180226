"""What cards brought to the runs that were shown them: a card that stops helping leaves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from optimizer.codec import from_json
from optimizer.core.conversation.events import RewriteJudged
from optimizer.core.search.bandit import LEVEL
from optimizer.models import RunEvent
from promptlab.runs.models import RewriteCard

ENOUGH = 4
"""Instructions that a card was shown for before it may leave."""
UNLIKELY = 0.2
"""A card leaves when the chance that it helps has fallen below this."""
PRIOR = 2 * LEVEL**2
"""The variance of a card's effect before anything is known of it, as each run's bandit has it."""


@dataclass(frozen=True)
class Standing:
    """`effect` on the score in 0–1, as believed after `runs` runs and `n` instructions."""

    runs: int = 0
    n: int = 0
    effect: float = 0.0
    deviation: float = math.sqrt(PRIOR)

    @property
    def chance(self) -> float:
        """That it helps."""
        return 0.5 * (1 + math.erf(self.effect / self.deviation / math.sqrt(2)))

    @property
    def leaves(self) -> bool:
        return self.n >= ENOUGH and self.chance < UNLIKELY


def standing_of(judged: Iterable[RewriteJudged]) -> Standing:
    """All runs together: each believed the same beforehand, which counts once."""
    judged = list(judged)
    precision, weighted = 1 / PRIOR, 0.0
    for one in judged:
        own = 1 / max(one.deviation, 1e-6) ** 2
        weighted += own * one.effect
        precision += max(own - 1 / PRIOR, 0.0)
    shown = sum(one.n for one in judged)
    return Standing(len(judged), shown, weighted / precision, 1 / math.sqrt(precision))


def standings(cards: Iterable[RewriteCard]) -> Mapping[int, Standing]:
    """By the card's key; one query."""
    keys = [str(card.pk) for card in cards]
    told = RunEvent.objects.filter(kind="rewrite_judged", data__card__in=keys).order_by()
    by_card: dict[str, list[RewriteJudged]] = {key: [] for key in keys}
    for data in told.values_list("data", flat=True):
        judged = from_json(RewriteJudged, data)
        by_card[judged.card].append(judged)
    return {int(key): standing_of(judged) for key, judged in by_card.items()}

"""How soon a rewriting that stops helping leaves the library, and how seldom one leaves that helps.

    python -m benchmarks.library

Simulated races: in each a bandit chooses for a dozen instructions whether a card is shown, and is
told what they came to: the card's true effect on the score where it was shown, and luck as the
bandit expects it. After each race the card's standing is what all of them say together.
"""

from __future__ import annotations

import os
import random

import numpy as np

from optimizer.core.conversation.events import RewriteJudged
from optimizer.core.search.bandit import LUCK, Bandit
from optimizer.core.search.search import Choice

EFFECTS = (-0.04, -0.02, 0.0, 0.02, 0.04)
RACES, INSTRUCTIONS, CARDS = 10, 12, 300
SHOWN = "rewriting 1"


def race(effect: float, rng: random.Random) -> RewriteJudged | None:
    """What one race says of a card; None where it was never shown."""
    bandit, tried = Bandit({SHOWN: 2, "tip": 6}), list[tuple[Choice, float]]()
    for _ in range(INSTRUCTIONS):
        way = bandit.draw(rng)
        tried.append((way, effect * way[SHOWN] + rng.gauss(0.0, LUCK)))
        bandit.learn(tried)
    shown = sum(way[SHOWN] for way, _ in tried)
    return RewriteJudged("1", *bandit.effect(SHOWN), shown) if shown else None


def left_after(effect: float, seed: int) -> int:
    """The race after which the card has left; one more than there are where it stays."""
    from promptlab.runs.library.standing import standing_of

    rng, told = random.Random(f"{effect}:{seed}"), list[RewriteJudged]()
    for number in range(1, RACES + 1):
        judged = race(effect, rng)
        told += [judged] if judged else []
        if standing_of(told).leaves:
            return number
    return RACES + 1


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")
    django.setup()
    print("| true effect, points | left after 1 race | after 3 | after 10 |")
    print("|---|---|---|---|")
    for effect in EFFECTS:
        gone = np.array([left_after(effect, seed) for seed in range(CARDS)])
        shares = " | ".join(f"{float((gone <= n).mean()):.0%}" for n in (1, 3, 10))
        print(f"| {100 * effect:+.0f} | {shares} |")


if __name__ == "__main__":
    main()

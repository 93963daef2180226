"""Pairs of texts, made by a seed; what official scorers said of them is in tests/data/scorers."""

from __future__ import annotations

import random

WORDS = [
    "the",
    "a",
    "an",
    "The",
    "A",
    "river",
    "Paris",
    "paris",
    "U.S.",
    "it's",
    "état",
    "Zürich",
    "3",
    "3.5",
    "1,200",
    "yes",
    "no",
    "No,",
    "(old)",
    "bridge",
    "bridge.",
    "tower",
    "tower,",
    "and",
    "of",
    "in",
    "Jean-Luc",
    "“quoted”",
    "co-op",
    "e.g.",
    "東京",
    "naïve",
    "ALL",
    "caps",
    "x",
]
PAIRS = 500


def texts(seed: int = 1) -> list[tuple[str, str]]:
    """An answer and an expected text each; they share words more often than not."""
    draw = random.Random(seed)
    found = []
    for _ in range(PAIRS):
        wanted = draw.choices(WORDS, k=draw.randint(1, 8))
        given = [w for w in wanted if draw.random() < 0.7]
        given += draw.choices(WORDS, k=draw.randint(0, 4))
        if draw.random() < 0.3:
            draw.shuffle(given)
        if draw.random() < 0.1:
            given = list(wanted)
        found.append((" ".join(given), " ".join(wanted)))
    return found


def sums(seed: int = 2) -> list[tuple[str, str]]:
    """A worked answer and the right one, both with #### before their number."""
    draw = random.Random(seed)
    found = []
    for _ in range(PAIRS):
        right = draw.choice([draw.randint(-50, 5000), draw.randint(0, 90_000)])
        said = right if draw.random() < 0.5 else right + draw.choice([-10, -1, 1, 100])
        spelled = f"{said:,}" if draw.random() < 0.5 else str(said)
        steps = f"{draw.randint(1, 9)} * {draw.randint(1, 99)} is some."
        found.append((f"{steps}\n#### {spelled}", f"So it is.\n#### {right}"))
    return found

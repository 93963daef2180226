"""The bandit over proposal settings learns what pays, and keeps trying what is unknown."""

from __future__ import annotations

import random

from optimizer.core.search.bandit import Bandit

SIZES = {"tip": 3, "history": 2}


def draws(bandit: Bandit, count: int = 300) -> list[dict[str, int]]:
    rng = random.Random(1)
    return [bandit.draw(rng) for _ in range(count)]


def share(found: list[dict[str, int]], name: str, level: int) -> float:
    return sum(choice[name] == level for choice in found) / len(found)


def test_before_anything_is_known_every_level_is_drawn_alike():
    found = draws(Bandit(SIZES))
    assert all(0.2 < share(found, "tip", level) < 0.47 for level in range(3))


def test_a_level_that_paid_is_drawn_more_often():
    bandit = Bandit(SIZES)
    bandit.learn([({"tip": t, "history": h}, 0.08 * (t == 2)) for t in range(3) for h in (0, 1)])
    found = draws(bandit)
    assert share(found, "tip", 2) > 0.75
    assert 0.3 < share(found, "history", 1) < 0.7


def test_a_setting_that_was_not_asked_learns_nothing():
    bandit = Bandit(SIZES)
    bandit.learn([({"tip": 0}, 0.1)] * 6)
    assert 0.3 < share(draws(bandit), "history", 0) < 0.7


def test_the_same_random_numbers_draw_the_same_settings():
    assert draws(Bandit(SIZES)) == draws(Bandit(SIZES))

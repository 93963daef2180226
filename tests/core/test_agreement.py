"""Agreement beyond chance, and what leans on what."""

from __future__ import annotations

import random

import pytest

from optimizer.core.evaluation.agreement import agreement, leaning


def test_kappa_is_that_of_the_textbook():
    # Cohen's own kind of table: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no.
    counts = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    found = agreement([pair for pair, n in counts.items() for _ in range(n)], ("yes", "no"))
    assert (found.n, found.share, found.table) == (50, 0.7, ((20, 5), (10, 15)))
    assert found.kappa == pytest.approx(0.4)
    assert found.kappa_low < 0.4 < found.kappa_high


def test_full_agreement_on_few_claims_no_certainty_and_one_verdict_for_all_says_nothing():
    few = agreement([("a", "a"), ("b", "b"), ("a", "a")])
    assert few.kappa == 1.0
    assert few.kappa_low < 0.6
    assert not few.settles_something
    assert agreement([("a", "a")] * 20).kappa is None
    assert agreement([]).kappa is None


def test_chance_alone_is_near_zero_within_its_interval():
    rng = random.Random(1)
    hits = 0
    for _ in range(200):
        found = agreement([(rng.choice("ab"), rng.choice("ab")) for _ in range(60)])
        hits += found.kappa_low <= 0 <= found.kappa_high
    assert hits > 180


def test_leaning_is_spearmans_and_needs_something_to_go_by():
    up = [float(n) for n in range(12)]
    assert leaning(up, [n**3 for n in up]).value == pytest.approx(1.0)
    down = leaning(up, [-n for n in up])
    assert down.is_there
    assert down.high < 0
    # 1 - 6·Σd²/(n(n²-1)) with two neighbours exchanged: Σd² = 2
    assert leaning(up, [1.0, 0.0, *up[2:]]).value == pytest.approx(1 - 12 / (12 * 143))
    assert leaning(up[:9], up[:9]) is None
    assert leaning(up, [1.0] * 12) is None
    ties = leaning([0.0] * 6 + [1.0] * 6, up)
    assert 0.8 < ties.value < 0.9

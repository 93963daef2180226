"""The front over examples: what is kept to learn from, and how often each is drawn."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.evaluation.pareto import Scores, dominates, drawn, front, wins

own_scores = st.dictionaries(
    st.sampled_from([f"e{i}" for i in range(6)]), st.sampled_from([0.0, 0.1 + 0.2, 0.3, 1.0])
)
pools = st.dictionaries(st.sampled_from("abcdefgh"), own_scores, max_size=8)
scored_pools = pools.filter(lambda pool: any(pool.values()))


@given(scored_pools)
def test_the_front_is_never_empty(pool: dict[str, Scores]) -> None:
    assert front(pool)


@given(pools)
def test_a_dominated_candidate_is_never_on_the_front(pool: dict[str, Scores]) -> None:
    for member in front(pool):
        assert not any(dominates(other, pool[member]) for other in pool.values())


@given(pools)
def test_every_winner_that_nothing_dominates_is_on_the_front(pool: dict[str, Scores]) -> None:
    for key, won in wins(pool).items():
        beaten = any(dominates(other, pool[key]) for other in pool.values())
        assert (key in front(pool)) == (won > 0 and not beaten)


@given(scored_pools)
def test_the_front_reaches_the_best_score_of_every_example(pool: dict[str, Scores]) -> None:
    members = front(pool)
    for example in {e for own in pool.values() for e in own}:
        best = max(own[example] for own in pool.values() if example in own)
        assert best in [pool[m][example] for m in members if example in pool[m]]


@given(own_scores, own_scores, own_scores)
def test_dominance_is_an_order(first: Scores, second: Scores, third: Scores) -> None:
    assert not dominates(first, first)
    if dominates(first, second):
        assert not dominates(second, first)
        if dominates(second, third):
            assert dominates(first, third)


@given(scored_pools, st.integers())
def test_the_same_seed_draws_the_same_member(pool: dict[str, Scores], seed: int) -> None:
    members = front(pool)
    first, second = (drawn(members, random.Random(seed)) for _ in range(2))
    assert first == second
    assert first in members


def test_who_wins_more_examples_is_drawn_more_often() -> None:
    pool = {
        "wide": {"e1": 1.0, "e2": 1.0, "e3": 1.0, "e4": 0.0},
        "narrow": {"e1": 0.0, "e2": 0.0, "e3": 0.0, "e4": 1.0},
        "beaten": {"e1": 1.0, "e2": 1.0, "e3": 0.0, "e4": 0.0},
    }
    members = front(pool)
    assert members == {"wide": 3, "narrow": 1}
    rng = random.Random(1)
    found = [drawn(members, rng) for _ in range(4000)]
    assert found.count("wide") == pytest.approx(3000, abs=120)


def test_equal_candidates_both_stay() -> None:
    assert front({"a": {"e": 1.0}, "b": {"e": 1.0}}) == {"a": 1, "b": 1}


def test_a_failed_call_is_no_loss() -> None:
    """The first was not scored on e2, so nothing says that it is as good there."""
    assert not dominates({"e1": 1.0}, {"e1": 0.0, "e2": 0.0})


def test_nothing_is_drawn_from_an_empty_front() -> None:
    with pytest.raises(ValueError, match="empty front"):
        drawn({}, random.Random(0))

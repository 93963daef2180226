"""Rows are dealt out to train, validation and test."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.datasets.splitting import Split, SplitPlan, deal, split_named


@given(
    labels=st.lists(st.sampled_from("abc"), min_size=1, max_size=200),
    train=st.integers(0, 100),
    seed=st.integers(0, 5),
)
def test_shares_are_kept_to_the_row(labels: list[str], train: int, seed: int) -> None:
    plan = SplitPlan(train, 100 - train, 0, seed)
    counts = Counter(deal(range(len(labels)), labels, plan))
    assert abs(counts[Split.TRAIN] - train / 100 * len(labels)) <= 1
    assert counts[Split.TEST] == 0


@given(labels=st.lists(st.sampled_from("ab"), min_size=20, max_size=200))
def test_every_label_is_spread_by_the_shares(labels: list[str]) -> None:
    splits = deal(range(len(labels)), labels, SplitPlan(50, 50, 0))
    for label, total in Counter(labels).items():
        learned = sum(
            split is Split.TRAIN for split, own in zip(splits, labels, strict=True) if own == label
        )
        assert abs(learned - total / 2) <= 1.5


def test_the_seed_decides() -> None:
    rows, labels = range(50), [""] * 50
    assert deal(rows, labels, SplitPlan(seed=1)) == deal(rows, labels, SplitPlan(seed=1))
    assert deal(rows, labels, SplitPlan(seed=1)) != deal(rows, labels, SplitPlan(seed=2))


def test_a_group_stays_together() -> None:
    groups = [n // 3 for n in range(60)]
    splits = deal(groups, [""] * 60, SplitPlan())
    assert all(len({splits[3 * g + i] for i in range(3)}) == 1 for g in range(20))


@pytest.mark.parametrize(
    ("word", "split"),
    [("train", Split.TRAIN), (" Dev ", Split.VALIDATION), ("HELD-OUT", Split.TEST), ("x", None)],
)
def test_words_for_splits(word: str, split: Split | None) -> None:
    assert split_named(word) is split

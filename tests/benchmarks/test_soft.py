"""Soft scores steer a race; what its choice is worth stays what it gets right."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import replay, soft, tables
from benchmarks.miprov2 import LIGHT


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Answers drawn with the very probabilities that stand beside them."""
    rng = np.random.default_rng(4)
    right, chances = {}, {}
    for cell in itertools.product(range(3), range(5)):
        odds = 0.5 * cell[0] + 0.6 * cell[1] - 2 + rng.normal(0, 1, 60)
        chance = 1 / (1 + np.exp(-odds))
        key = ",".join(map(str, cell))
        chances[key] = chance.round(9).tolist()
        right[key] = [int(drawn) for drawn in rng.random(60) < chance]
    sizes = {"m:instruction": 3, "m:demos": 5}
    made = {"task": "made", "options": sizes, "examples": 60, "table": right, "soft": chances}
    file = tmp_path / "made.json"
    file.write_text(json.dumps(made))
    return str(file)


def test_the_probabilities_of_a_split_are_those_of_the_same_answers(table: str) -> None:
    right, _ = replay.drawn(table, LIGHT, 0, 3)
    chances, _ = replay.drawn(table, LIGHT, 0, 3, soft=True)
    assert right.chosen_by.shape == chances.chosen_by.shape
    known = tables.load(table)
    assert known.soft is not None
    told = dict(zip(known.soft.ravel(), known.scores.ravel(), strict=True))
    pairs = zip(chances.chosen_by.flat, right.chosen_by.flat, strict=True)
    assert all(told[chance] == score for chance, score in pairs)


def test_a_mixed_score_lies_between_and_the_truth_is_right_or_wrong(table: str) -> None:
    right, _ = replay.drawn(table, LIGHT, 0, 3)
    chances, _ = replay.drawn(table, LIGHT, 0, 3, soft=True)
    mixed = soft.Mixed(right, chances, 0.25)
    expected = 0.75 * right.scores((1, 2)) + 0.25 * chances.scores((1, 2))
    assert mixed.scores((1, 2)) == pytest.approx(expected)
    assert mixed.truth((1, 2)) == right.truth((1, 2))


def test_every_variant_is_played_and_repeats_itself(table: str) -> None:
    found = soft.held(table, LIGHT, 2)
    assert found == soft.held(table, LIGHT, 2)
    assert list(soft.variants()) == list(found)
    told = soft.figures([found, soft.held(table, LIGHT, 3)])
    compared = [(v["budget"], v["weight"], v["last_word_right_or_wrong"]) for v in told]
    assert len(set(compared)) == len(compared) == len(soft.BUDGETS) * (2 * len(soft.WEIGHTS) - 1)
    assert all(v["gain"] - v["gain_whole"] == pytest.approx(v["ahead_of_whole"]) for v in told)


def test_a_true_probability_is_worth_more_than_one_right_or_wrong(table: str) -> None:
    known = tables.load(table)
    assert soft.worth(known, 0.0) == pytest.approx(1.0)
    assert soft.worth(known, 1.0) > 1.5
    assert soft.agreement(known) > 0.8

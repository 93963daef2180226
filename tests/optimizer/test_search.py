"""The surrogate says what mattered, once enough was told."""

from __future__ import annotations

import random

import pytest

from optimizer.core.evaluation.stats import Estimate
from optimizer.running.tpe import TPESearch

OPTIONS = {"tip": 6, "classify:demos": 4, "temperature": 3}


def told(score, trials=60, options=OPTIONS) -> TPESearch:
    search = TPESearch(options, seed=3, trials=trials)
    for _ in range(trials):
        choice = search.ask()
        value = score(choice)
        search.tell(choice, Estimate(value, 25, value, value))
    return search


def test_the_parameter_that_decides_the_score_matters_most():
    rng = random.Random(1)
    found = told(lambda c: 0.8 * (c["tip"] == 2) + 0.02 * rng.random()).importances()
    assert set(found) == set(OPTIONS)
    assert sum(found.values()) == pytest.approx(1)
    assert max(found, key=found.get) == "tip"


def test_nothing_is_said_of_a_metric_that_never_moves():
    assert told(lambda c: 0.5).importances() == {}


@pytest.mark.parametrize("trials", [0, 1, 7])
def test_nothing_is_said_after_a_handful_of_scores(trials):
    assert told(lambda c: c["tip"] / 6, trials=trials).importances() == {}


def test_a_single_parameter_has_all_of_the_importance():
    found = told(lambda c: c["tip"] / 6, trials=12, options={"tip": 6}).importances()
    assert found == {"tip": pytest.approx(1)}


def test_asking_for_importances_does_not_change_what_is_asked_next():
    curious, plain = (TPESearch(OPTIONS, seed=5, trials=40) for _ in range(2))
    for step in range(20):
        choice = curious.ask()
        assert plain.ask() == choice
        for search in (curious, plain):
            search.tell(choice, Estimate(choice["tip"] / 6, 25, 0, 1))
        if step % 3 == 0:
            curious.importances()


def test_a_search_without_any_choice_asks_for_nothing():
    search = TPESearch({}, seed=0, trials=3)
    assert search.ask() == {}
    search.tell({}, Estimate(0.5, 1, 0, 1))
    assert search.importances() == {}

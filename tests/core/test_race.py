"""A race spends its budget where it matters, and never more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.core.search.race import Race, Step, knowledge_gradient
from optimizer.core.search.surrogate import Outlook, Posterior


def run(race: Race, chances: dict, seed: int = 0, examples: int = 40) -> list[Step]:
    """Race with answers drawn once by arm and example; returns the steps."""
    steps = []
    while (step := race.next()) is not None:
        rng = np.random.default_rng([seed, *step.arm])
        answers = (rng.random(examples) < chances[step.arm]).astype(float)
        race.tell(step, [float(answers[p]) for p in step.positions])
        steps.append(step)
    return steps


GRID = {(i, d): 0.2 + 0.1 * i + 0.2 * d for i in range(3) for d in range(3)}


def started(budget: int, seed: str = "0") -> Race:
    race = Race((3, 3), 40, budget, 10, seed)
    race.tell(Step((0, 0), tuple(range(40))), [float(i % 5 == 0) for i in range(40)])
    return race


def test_the_best_combination_wins_in_most_races():
    won = 0
    for seed in range(10):
        race = started(240, str(seed))
        run(race, GRID, seed)
        won += GRID[race.leader().arm] >= 0.7
    assert won >= 8


@pytest.mark.parametrize("seed", range(5))
def test_every_option_is_shown_on_two_blocks_before_one_is_left(seed):
    race = Race((4, 5), 40, 600, 10, str(seed))
    race.tell(Step((0, 0), tuple(range(40))), [0.0] * 40)
    hopeless = {arm: 0.5 if arm == (1, 1) else 0.02 for arm in np.ndindex(4, 5)}
    steps = run(race, hopeless, seed)
    early = steps[:10]
    for parameter, size in enumerate((4, 5)):
        for option in range(size):
            shown = {p for s in early if s.arm[parameter] == option for p in s.positions}
            assert shown >= set(range(20)) or option == 0
    assert len(early) < len(steps)


@pytest.mark.parametrize("budget", [90, 140, 240])
def test_a_dropped_arm_is_scored_no_more_and_never_leads_whenever_it_is_dropped(budget):
    """Also when what is left was being kept for it."""
    for after in range(1, budget // 10):
        race, steps, dropped = started(budget), 0, None
        while (step := race.next()) is not None:
            assert step.arm != dropped
            race.tell(step, [1.0] * len(step.positions))
            steps += 1
            if steps == after and step.arm != (0, 0):
                race.drop(step.arm)
                dropped = step.arm
        assert race.leader().arm != dropped


@pytest.mark.parametrize(("sizes", "fewer"), [((4, 6), 0), ((2, 5), 0), ((5, 2), 1)])
def test_what_the_race_starts_with_is_shown_beside_others_where_it_costs_nothing(sizes, fewer):
    race = Race(sizes, 40, 600, 10, "s")
    race.tell(Step((0, 0), tuple(range(40))), [0.0] * 40)
    steps = run(race, dict.fromkeys(np.ndindex(*sizes), 0.02))[: 2 * (max(sizes) - 1)]
    beside = [step for step in steps if step.arm[fewer] == 0]
    assert {p for step in beside for p in step.positions} >= set(range(20))
    assert {step.arm[1 - fewer] for step in steps} == set(range(1, max(sizes)))


def test_a_good_instruction_that_was_there_is_not_blamed_for_missing_demos():
    won = 0
    for seed in range(20):
        race = Race((4, 6), 100, 500, 10, str(seed))
        start = np.random.default_rng([seed, 9]).random(100) < 0.2
        race.tell(Step((0, 0), tuple(range(100))), [float(score) for score in start])
        chances = {(i, d): 0.15 + 0.15 * (i == 0) + 0.3 * (d > 0) for i, d in np.ndindex(4, 6)}
        run(race, chances, seed, examples=100)
        won += race.leader().arm[0] == 0
    assert won >= 12


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(41, 400), st.integers(0, 100))
def test_the_budget_is_never_passed_and_every_block_is_new(budget, seed):
    race = started(budget, str(seed))
    steps = run(race, GRID, seed)
    assert race.spent <= budget
    seen = [(step.arm, p) for step in steps for p in step.positions]
    assert len(seen) == len(set(seen))
    assert all(len(step.positions) <= 10 for step in steps)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(120, 300), st.integers(0, 100))
def test_the_winner_is_scored_on_every_example(budget, seed):
    race = started(budget, str(seed))
    steps = run(race, GRID, seed)
    winner = race.leader().arm
    assert winner == (0, 0) or sum(len(s.positions) for s in steps if s.arm == winner) == 40


def test_a_small_budget_still_finishes_somebody():
    race = Race((3, 3), 40, 75, 10, "s")
    race.tell(Step((0, 0), tuple(range(20))), [0.0] * 20)
    run(race, GRID)
    assert race.is_complete(race.leader().arm)


def test_the_same_seed_races_the_same_race():
    first, second = started(200, "7"), started(200, "7")
    assert run(first, GRID) == run(second, GRID)


def test_everything_seen_ends_the_race_before_the_budget():
    race = started(10_000)
    run(race, GRID)
    assert race.spent == 9 * 40


def test_examples_that_failed_are_not_asked_again_and_count():
    race = started(140)
    while (step := race.next()) is not None:
        race.tell(step, [None] * len(step.positions))
    assert race.spent == 140
    assert race.leader().arm == (0, 0)


def test_a_wider_race_keeps_what_it_knows_and_tries_what_is_new():
    race = started(400)
    for _ in range(8):
        step = race.next()
        race.tell(step, [float(GRID[step.arm] > 0.5)] * len(step.positions))
    before = race.spent
    race.widen((3, 4))
    assert race.spent == before
    steps = run(race, GRID | {(i, 3): 0.95 for i in range(3)})
    assert any(step.arm[1] == 3 for step in steps)


def test_the_prospect_shrinks_as_the_race_goes_on_and_is_nothing_when_all_is_known():
    race = started(10_000)
    before = race.prospect()
    run(race, {arm: 0.9 if arm == (2, 2) else 0.1 for arm in GRID})
    assert before > 0.01
    assert race.prospect() == 0


def test_a_huge_space_is_raced_without_being_listed():
    race = Race((9, 9, 9, 9, 9, 9), 30, 200, 10, "w")
    race.tell(Step((0,) * 6, tuple(range(30))), [0.0] * 30)
    for _ in range(10):
        step = race.next()
        race.tell(step, [float(sum(step.arm) > 20)] * len(step.positions))
    assert race.spent == 130


def test_the_knowledge_gradient_is_what_a_look_is_worth_by_simulation():
    posterior = Posterior(np.array([0.5, 0.48]), np.diag([0.0001, 0.01]))
    outlook = Outlook(np.eye(2), np.array([0.02, 0.02]))
    found = knowledge_gradient(posterior, outlook)
    rng = np.random.default_rng(0)
    true = 0.48 + 0.1 * rng.standard_normal(200_000)
    looked = true + np.sqrt(0.02) * rng.standard_normal(200_000)
    after = 0.48 + 0.01 / 0.03 * (looked - 0.48)
    assert found[1] == pytest.approx(np.maximum(after, 0.5).mean() - 0.5, rel=0.1)
    assert found[0] < found[1]


def test_nothing_left_to_see_is_worth_nothing():
    posterior = Posterior(np.array([0.5, 0.4]), 0.01 * np.eye(2))
    outlook = Outlook(np.eye(2), np.array([np.inf, np.inf]))
    assert (knowledge_gradient(posterior, outlook) == 0).all()

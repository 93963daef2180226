"""Each rival of the contest finds what is plain to see, and asks for no more than its budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from benchmarks import contest, contest_words, rivals
from benchmarks.miprov2 import LIGHT
from benchmarks.rivals import gaussian_process, gittins, sequential_halving
from benchmarks.rivals.desk import Desk
from benchmarks.simulator import KINDS, Arm, Floats, Simulation, World

BEST = (2, 3)


@dataclass(frozen=True)
class Plain:
    """One combination gets nine of ten examples right, all others three."""

    sizes: tuple[int, ...] = (3, 4)
    examples: int = 60

    def scores(self, arm: Arm) -> Floats:
        right = 0.9 if arm == BEST else 0.3
        draws = np.random.default_rng([5, *arm]).random(self.examples)
        return np.asarray(draws < right, dtype=np.float64)

    def truth(self, arm: Arm) -> float:
        return 0.9 if arm == BEST else 0.3


@pytest.mark.parametrize("rival", rivals.RIVALS)
@pytest.mark.parametrize("calls", [720, 500])
def test_a_rival_finds_the_one_arm_that_stands_out(rival: str, calls: int) -> None:
    found = [rivals.play(rival, Simulation(Plain(), 1), calls, seed).arm for seed in range(8)]
    # Random search looks at eight of twelve arms with the smaller budget.
    fewest = 3 if rival == "random" and calls == 500 else 7
    assert found.count(BEST) >= fewest


@pytest.mark.parametrize("rival", rivals.RIVALS)
@pytest.mark.parametrize("calls", [7, 59, 160, 647, 5000])
def test_a_rival_never_asks_for_more_than_its_budget(rival: str, calls: int) -> None:
    for modules, demos in ((1, 4), (2, 3), (1, 1)):
        simulation = Simulation(World(KINDS["wide"], modules, 3, demos, 50, 2), modules)
        pick = rivals.play(rival, simulation, calls, seed=4)
        assert 0 < simulation.calls <= calls
        assert pick.arm in simulation.scored
        assert 0 <= pick.score <= 1


@pytest.mark.parametrize("rival", rivals.RIVALS)
def test_a_rival_repeats_itself_by_its_seed(rival: str) -> None:
    def play(seed: int) -> tuple[object, object]:
        simulation = Simulation(World(KINDS["narrow"], 2, 3, 4, 40, 1), 2)
        return rivals.play(rival, simulation, 400, seed), simulation.scored

    assert play(3) == play(3)
    assert play(3)[1] != play(4)[1]


@pytest.mark.parametrize("rival", ["triple_sh", "hbbops", "gittins"])
def test_rivals_score_all_arms_on_the_same_examples_in_one_order(rival: str) -> None:
    simulation = Simulation(World(KINDS["wide"], 1, 3, 4, 80, 1), 1)
    rivals.play(rival, simulation, 300, seed=2)
    by_size = sorted(simulation.scored.values(), key=len)
    assert len(by_size[0]) < len(by_size[-1])
    assert all(fewer <= more for fewer, more in pairwise(by_size))


def test_halving_takes_as_large_a_pool_as_its_first_phase_can_show() -> None:
    for calls in (30, 162, 650, 4505):
        size = sequential_halving.pool_size(calls)
        phases = math.ceil(math.log2(size))
        assert size * phases * sequential_halving.FIRST <= calls


def test_an_index_is_worth_less_the_more_an_arm_has_shown() -> None:
    found = gittins.premiums(0.25, 8, 96)
    assert found[0] > 0.05
    assert (np.diff(found) <= 1e-9).all()
    assert found[-1] == 0


def test_improvement_is_expected_where_good_options_meet() -> None:
    arms = [(0, 0), (1, 0), (0, 1), (2, 2)]
    fresh = [(1, 1), (2, 0)]
    means = np.array([0.3, 0.5, 0.5, 0.2])
    worth = gaussian_process.expected_improvement(arms, means, fresh, (3, 3))
    assert worth[0] > worth[1] >= 0


def test_a_desk_draws_different_arms_and_all_when_these_are_few() -> None:
    few = Desk(Simulation(Plain(), 1), 10, np.random.default_rng(1))
    assert len(set(few.pool(99, np.random.default_rng(2)))) == 12
    many = Desk(Simulation(Plain(sizes=(90, 90, 90)), 1), 10, np.random.default_rng(1))
    drawn = many.pool(50, np.random.default_rng(2))
    assert len(drawn) == len(set(drawn)) == 50


def test_the_best_combination_is_found_and_regret_is_what_is_missing_to_it() -> None:
    assert contest.best_truth(Plain(), [(0, 0)]) == 0.9
    one = partial(contest.held, lambda seed: (Plain(), 1), LIGHT)
    told = contest.figures([one(seed) for seed in (1, 2)])
    assert told["room"] == 60
    for standing in told["contest"]:
        assert standing["regret"] == pytest.approx(1 - standing["gain"] / 60, abs=1e-3)
    played = {(s["search"], s["share"]) for s in told["contest"]}
    expected = {(name, share) for name in ("racing", *rivals.RIVALS) for share in contest.SHARES}
    assert played == expected | {("miprov2", 1.0)}
    assert len(contest_words.rival_rows("plain", told)) == 3


def test_of_many_combinations_the_best_is_climbed_to() -> None:
    made = World(KINDS["wide"], 2, 3, 8, 20, 1)
    low = made.truth((0, 0, 0, 0))
    assert contest.best_truth(made, [(0, 0, 0, 0), (1, 1, 1, 1)]) > low


@pytest.mark.parametrize(
    ("ahead", "error", "word"),
    [(1.0, 0.5, "ahead"), (-1.0, 0.5, "behind"), (0.4, 0.5, "equal"), (-0.5, 0.5, "equal")],
)
def test_a_difference_within_its_standard_error_is_none(
    ahead: float, error: float, word: str
) -> None:
    assert contest.verdict(ahead, error) == word


def test_cells_together_weigh_the_same_and_their_errors_add_in_squares() -> None:
    one = partial(contest.held, lambda seed: (Plain(), 1), LIGHT)
    first = contest.figures([one(seed) for seed in (1, 2)])
    second = {**first, "gain": first["gain"] - 10.0, "gain_delta_se": 4.0}
    both = contest.pooled([{**first, "gain_delta_se": 3.0}, second])
    assert both["gain"] == first["gain"] - 5
    assert both["gain_delta_se"] == 2.5
    assert both["worlds"] == 4
    assert [s["gain"] for s in both["contest"]] == [s["gain"] for s in first["contest"]]

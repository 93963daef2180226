"""The simulator answers like a run's world, and MIPROv2's search costs what DSPy's does."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import contest, miprov2, replay, search
from benchmarks.miprov2 import LIGHT, MEDIUM, MODES
from benchmarks.simulator import KINDS, Answers, Part, Simulation, World
from optimizer.core.conversation.spec import Settings
from optimizer.core.optimizers.racing import race_options
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.strategies.minibatch_search import search_options
from optimizer.core.strategies.race_loop import open_race
from optimizer.running.tpe import tpe


def world(modules: int = 1, examples: int = 40, seed: int = 3) -> World:
    return World(KINDS["wide"], modules, 3, 4, examples, seed)


def test_a_world_answers_the_same_whenever_it_is_asked():
    first, again = world(2), world(2)
    for arm in ((0, 0, 0, 0), (2, 1, 3, 0)):
        assert (first.scores(arm) == first.scores(arm)).all()
        assert (first.scores(arm) == again.scores(arm)).all()
        assert first.truth(arm) == again.truth(arm)


def test_scores_scatter_around_the_truth():
    made = world(examples=3000)
    for arm in ((0, 0), (2, 3)):
        assert made.scores(arm).mean() == pytest.approx(made.truth(arm), abs=0.05)


@pytest.mark.parametrize(
    ("mode", "modules", "demos", "calls"),
    [
        (LIGHT, 1, False, 615), (LIGHT, 1, True, 650), (LIGHT, 2, True, 1200),
        (LIGHT, 3, True, 1885), (MEDIUM, 1, True, 2130),
    ],
)  # fmt: skip
def test_miprov2_costs_what_it_costs_in_dspy(mode, modules, demos, calls):
    instructions = mode.instructions if demos else mode.candidates
    sets = mode.candidates if demos else 1
    made = World(KINDS["wide"], modules, instructions, sets, mode.validation, 1)
    found = miprov2.search(Simulation(made, modules), mode, 1)
    assert found.calls <= calls
    # Fewer only where a full evaluation found nobody waiting.
    assert (calls - found.calls) % mode.validation == 0
    assert found.distinct <= found.calls


def test_a_race_through_the_simulator_scores_each_example_once_and_keeps_its_budget():
    made = world()
    simulation = Simulation(made, 1)
    chosen = Settings(trials=16, minibatch_size=10, max_validation=40)
    spec = simulation.spec(chosen, seed=1)
    result = simulation.hold(
        run_loop(spec, lambda board: race_options(board, simulation.options), open_race)
    )
    assert simulation.calls <= 40 + 160
    assert simulation.arm(result.best) in simulation.scored


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 50), st.integers(5, 30), st.sampled_from([1, 2]))
def test_searches_return_what_they_evaluated_and_repeat_themselves(seed, trials, modules):
    chosen = Settings(trials=trials, minibatch_size=10, max_validation=40, full_every=5)
    for body, opening in (
        (lambda simulation, board: race_options(board, simulation.options), open_race),
        (lambda simulation, board: search_options(board, simulation.options, tpe), None),
    ):
        told = []
        for _ in range(2):
            simulation = Simulation(world(modules, seed=seed), modules)
            spec = simulation.spec(chosen, seed)
            result = simulation.hold(run_loop(spec, partial(body, simulation), opening))
            assert simulation.arm(result.best) in simulation.scored
            told.append((result.best, result.best_score, simulation.scored))
        assert told[0] == told[1]


def test_a_table_is_dealt_into_examples_to_choose_by_and_others():
    surface, modules = replay.drawn("banking10", LIGHT, 0, seed=4)
    assert isinstance(surface, Answers)
    assert modules == 1
    assert surface.sizes == (3, 6)
    assert surface.examples == 60
    assert surface.held_out.shape == (3, 6, 40)


def test_racing_may_have_more_demo_sets_than_the_mode_of_miprov2():
    surface, modules = replay.drawn("banking10", LIGHT, 12, seed=4)
    assert surface.sizes == (3, 12)
    simulation = Simulation(Part(surface, (3, 6)), modules)
    miprov2.search(simulation, LIGHT, seed=4)
    assert max(demos for _, demos in simulation.scored) == 5
    first, *_ = simulation.scored
    assert (simulation.known[first] == surface.scores(first)).all()


def test_a_contest_tells_every_figure_that_was_promised():
    cell = search.CELLS[2]
    rounds = contest.contest(partial(search.drawn, cell), MODES[cell.mode], range(2), workers=1)
    told = contest.figures(rounds)
    wanted = {"calls", "gain", "gain_delta", "gain_delta_se", "gain_delta_half_calls"}
    assert wanted | {"reported_minus_true"} <= set(told)
    json.dumps(told)
    standings = told.pop("contest")
    assert np.isfinite(list(told.values())).all()
    assert {standing["verdict"] for standing in standings} <= {"ahead", "equal", "behind"}

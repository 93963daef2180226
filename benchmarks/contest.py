"""The contest: searches on the same surfaces, for the same number of examples scored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from multiprocessing import get_context
from statistics import fmean, stdev
from typing import Any

import numpy as np

from benchmarks import miprov2, rivals
from benchmarks.miprov2 import Mode
from benchmarks.simulator import Arm, Part, Simulation, Surface
from optimizer.core.conversation.spec import Settings
from optimizer.core.optimizers.racing import race_options
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.strategies.race_loop import open_race

BLOCK = 10
SHARES = 1.0, 0.5, 0.25
"""Of the examples that MIPROv2 scores."""
RACING, MIPROV2 = "racing", "miprov2"
LISTED = 200
"""Combinations of which the best is found by looking at each; of more, by ascent."""


@dataclass(frozen=True)
class Finish:
    """What a search came to: true gain over the baseline, reported minus true, examples scored."""

    gain: float
    optimism: float
    calls: int


@dataclass(frozen=True)
class Round:
    """Everybody on one surface, by name and share of MIPROv2's calls. `room`: the gain of the best
    combination that there is.
    """

    finishes: dict[tuple[str, float], Finish]
    room: float

    @property
    def miprov2(self) -> Finish:
        return self.finishes[MIPROV2, 1.0]

    @property
    def racing(self) -> Finish:
        return self.finishes[RACING, 1.0]

    @property
    def racing_half(self) -> Finish:
        return self.finishes[RACING, 0.5]


Draw = Callable[[int], tuple[Surface, int]]
"""Makes the surface of a seed, and says how many modules its program has."""
Played = tuple[Arm, float, int]
"""The arm that was chosen, its reported score, the examples scored."""


def held(draw: Draw, mode: Mode, seed: int) -> Round:
    """MIPROv2's search at its own number of calls; racing and its rivals at shares of them.

    Where more demo sets are drawn than the mode has, MIPROv2 chooses among the first.
    """
    surface, modules = draw(seed)
    sets = (min(size, mode.candidates) for size in surface.sizes[modules:])
    part = Part(surface, (*surface.sizes[:modules], *sets))
    theirs = miprov2.search(Simulation(part, modules), mode, seed)
    played = {(MIPROV2, 1.0): (theirs.arm, theirs.score, theirs.calls)}
    for share in SHARES:
        calls = int(theirs.calls * share)
        played[RACING, share] = race(surface, modules, calls, seed)
        for rival in rivals.RIVALS:
            simulation = Simulation(surface, modules)
            pick = rivals.play(rival, simulation, calls, seed)
            played[rival, share] = (pick.arm, pick.score, simulation.calls)
    base = surface.truth((0,) * len(surface.sizes))
    best = best_truth(surface, [arm for arm, _, _ in played.values()])
    finishes = {}
    for key, (arm, score, calls) in played.items():
        true = surface.truth(arm)
        finishes[key] = Finish(true - base, score - true, calls)
    return Round(finishes, best - base)


def race(surface: Surface, modules: int, calls: int, seed: int, tails: bool = True) -> Played:
    """Our racing optimizer's search, as in a run, with so many examples to score."""
    simulation = Simulation(surface, modules)
    arm, reported = raced(simulation, calls, seed, tails)
    return arm, reported, min(simulation.calls, calls)


def raced(simulation: Simulation, calls: int, seed: int, tails: bool = True) -> tuple[Arm, float]:
    """The same, held in this simulation: the arm that was chosen, and its reported score."""
    examples = simulation.surface.examples
    blocks = max((calls - examples) // BLOCK, 1)
    settings = Settings(
        trials=blocks, minibatch_size=BLOCK, max_validation=examples, heavy_tails=tails
    )
    spec = simulation.spec(settings, seed)
    result = simulation.hold(
        run_loop(spec, lambda board: race_options(board, simulation.options), open_race)
    )
    reported = result.estimate.mean if result.estimate else 0.0
    return simulation.arm(result.best), reported


def best_truth(surface: Surface, found: Sequence[Arm]) -> float:
    """The true score of the best combination: of few all are looked at; of many it is the best that
    changing one option at a time leads to, from the best two of `found`.
    """
    if np.prod([float(size) for size in surface.sizes]) <= LISTED:
        return max(surface.truth(arm) for arm in product(*map(range, surface.sizes)))
    starts = sorted(set(found), key=surface.truth)[-2:]
    return max(_ascended(surface, arm) for arm in starts)


def _ascended(surface: Surface, arm: Arm) -> float:
    best, stood = surface.truth(arm), False
    while not stood:
        stood = True
        for place, size in enumerate(surface.sizes):
            others = [(*arm[:place], option, *arm[place + 1 :]) for option in range(size)]
            highest = max(others, key=surface.truth)
            if surface.truth(highest) > best:
                arm, best, stood = highest, surface.truth(highest), False
    return best


def contest(draw: Draw, mode: Mode, seeds: Iterable[int], workers: int = 2) -> list[Round]:
    """Rounds on many surfaces, spread over processes."""
    one = partial(held, draw, mode)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(one, seeds, chunksize=2))


def figures(rounds: Sequence[Round]) -> dict[str, Any]:
    """Means in points with the standard error of differences, as the last line of JSON has them."""
    ahead = [100 * (r.racing.gain - r.miprov2.gain) for r in rounds]
    ahead_half = [100 * (r.racing_half.gain - r.miprov2.gain) for r in rounds]
    return {
        "worlds": len(rounds),
        "calls": round(fmean(r.miprov2.calls for r in rounds)),
        "gain": _points(r.racing.gain for r in rounds),
        "gain_miprov2": _points(r.miprov2.gain for r in rounds),
        "gain_delta": round(fmean(ahead), 2),
        "gain_delta_se": round(error(ahead), 2),
        "gain_delta_half_calls": round(fmean(ahead_half), 2),
        "gain_delta_half_calls_se": round(error(ahead_half), 2),
        "reported_minus_true": _points(r.racing.optimism for r in rounds),
        "reported_minus_true_half_calls": _points(r.racing_half.optimism for r in rounds),
        "reported_minus_true_miprov2": _points(r.miprov2.optimism for r in rounds),
        "calls_used": round(fmean(r.racing.calls for r in rounds)),
        "room": _points(r.room for r in rounds),
        "contest": [_standing(rounds, *key) for key in rounds[0].finishes],
    }


def _standing(rounds: Sequence[Round], name: str, share: float) -> dict[str, Any]:
    """How one search did with a share of the calls, and racing beside it with as many.

    `regret`: what is missing to the best combination, as a part of what could be gained, both
    summed over the rounds.
    """
    own = [r.finishes[name, share] for r in rounds]
    room = sum(r.room for r in rounds)
    missing = sum(r.room - finish.gain for r, finish in zip(rounds, own, strict=True))
    ahead = [
        100 * (r.finishes[RACING, share].gain - finish.gain)
        for r, finish in zip(rounds, own, strict=True)
    ]
    return {
        "search": name,
        "share": share,
        "gain": _points(finish.gain for finish in own),
        "gain_se": round(error([100 * finish.gain for finish in own]), 2),
        "regret": round(missing / room, 3) if room > 0 else None,
        "racing_ahead": round(fmean(ahead), 2),
        "racing_ahead_se": round(error(ahead), 2),
        "verdict": verdict(fmean(ahead), error(ahead)),
        "reported_minus_true": _points(finish.optimism for finish in own),
    }


def verdict(ahead: float, standard_error: float) -> str:
    """Racing beside another, by one standard error of the paired difference."""
    if abs(ahead) <= standard_error:
        return "equal"
    return "ahead" if ahead > 0 else "behind"


def error(values: Sequence[float]) -> float:
    """The standard error of a mean."""
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _points(values: Iterable[float]) -> float:
    return round(100 * fmean(values), 2)


def pooled(cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Figures of several cells together, each weighing the same."""
    found = {
        key: _combined(key, [cell[key] for cell in cells])
        for key, value in cells[0].items()
        if isinstance(value, int | float)
    }
    standings = zip(*(cell["contest"] for cell in cells), strict=True)
    return {**found, "contest": [_pooled_standing(each) for each in standings]}


def _pooled_standing(standings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`regret` is the mean of the cells' own."""
    found = {
        key: _combined(key, [standing[key] for standing in standings if standing[key] is not None])
        for key in standings[0]
        if key not in ("search", "share", "verdict", "regret")
    }
    known = [standing["regret"] for standing in standings if standing["regret"] is not None]
    return {
        "search": standings[0]["search"],
        "share": standings[0]["share"],
        **found,
        "regret": round(fmean(known), 3) if known else None,
        "verdict": verdict(found["racing_ahead"], found["racing_ahead_se"]),
    }


def _combined(key: str, values: Sequence[float]) -> float:
    """Standard errors of independent means add up in squares; worlds are counted."""
    if key == "worlds":
        return sum(values)
    if key.endswith("_se"):
        return round(math.hypot(*values) / len(values), 2)
    return round(fmean(values), 2) if key not in ("calls", "calls_used") else round(fmean(values))

"""The contest: searches on the same surfaces, for the same number of examples scored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from statistics import fmean, stdev
from typing import Any

from benchmarks import miprov2
from benchmarks.miprov2 import Mode
from benchmarks.simulator import Part, Simulation, Surface
from optimizer.core.conversation.spec import Settings
from optimizer.core.optimizers.racing import race_options
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.strategies.race_loop import open_race

BLOCK = 10
HALF = 0.5
ROUNDS = 1, HALF


@dataclass(frozen=True)
class Finish:
    """What a search came to: true gain over the baseline, reported minus true, examples scored."""

    gain: float
    optimism: float
    calls: int


@dataclass(frozen=True)
class Round:
    """Everybody on one surface."""

    miprov2: Finish
    racing: Finish
    racing_half: Finish


Draw = Callable[[int], tuple[Surface, int]]
"""Makes the surface of a seed, and says how many modules its program has."""


def held(draw: Draw, mode: Mode, seed: int) -> Round:
    """MIPROv2's search at its own number of calls; racing at as many, and at half of them.

    Where more demo sets are drawn than the mode has, MIPROv2 chooses among the first.
    """
    surface, modules = draw(seed)
    sets = (min(size, mode.candidates) for size in surface.sizes[modules:])
    part = Part(surface, (*surface.sizes[:modules], *sets))
    theirs = miprov2.search(Simulation(part, modules), mode, seed)
    base = surface.truth((0,) * len(surface.sizes))
    true = surface.truth(theirs.arm)
    full = race(surface, modules, theirs.calls, seed)
    half = race(surface, modules, int(theirs.calls * HALF), seed)
    return Round(Finish(true - base, theirs.score - true, theirs.calls), full, half)


def race(surface: Surface, modules: int, calls: int, seed: int) -> Finish:
    """Our racing optimizer's search, as in a run, with so many examples to score."""
    simulation = Simulation(surface, modules)
    blocks = max((calls - surface.examples) // BLOCK, 1)
    settings = Settings(trials=blocks, minibatch_size=BLOCK, max_validation=surface.examples)
    spec = simulation.spec(settings, seed)
    result = simulation.hold(
        run_loop(spec, lambda board: race_options(board, simulation.options), open_race)
    )
    true = surface.truth(simulation.arm(result.best))
    base = surface.truth((0,) * len(surface.sizes))
    reported = result.estimate.mean if result.estimate else 0.0
    return Finish(true - base, reported - true, min(simulation.calls, calls))


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
    }


def error(values: Sequence[float]) -> float:
    """The standard error of a mean."""
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _points(values: Iterable[float]) -> float:
    return round(100 * fmean(values), 2)


HEADINGS = (
    f"{'':34} {'calls':>6} {'MIPROv2':>8} {'racing':>8} {'ahead':>13} {'at half':>13} "
    f"{'reported - true':>20}"
)


def row(name: str, told: dict[str, Any]) -> str:
    """One line of the table."""
    return (
        f"{name:34} {told['calls']:6} {told['gain_miprov2']:8.1f} {told['gain']:8.1f} "
        f"{told['gain_delta']:+7.1f} ± {told['gain_delta_se']:3.1f} "
        f"{told['gain_delta_half_calls']:+7.1f} ± {told['gain_delta_half_calls_se']:3.1f} "
        f"{told['reported_minus_true']:+7.1f} ({told['reported_minus_true_miprov2']:+.1f})"
    )


COLUMNS = (
    "| | examples scored | racing used | MIPROv2 | racing | ahead | ahead at half "
    "| reported − true | MIPROv2's |",
    "|---|---|---|---|---|---|---|---|---|",
)


def line(name: str, told: dict[str, Any]) -> str:
    """One line of the page's table."""
    return (
        f"| {name} | {told['calls']} | {told['calls_used']} "
        f"| +{told['gain_miprov2']:.1f} | +{told['gain']:.1f} "
        f"| {told['gain_delta']:+.1f} ± {told['gain_delta_se']:.1f} "
        f"| {told['gain_delta_half_calls']:+.1f} ± {told['gain_delta_half_calls_se']:.1f} "
        f"| {told['reported_minus_true']:+.1f} | {told['reported_minus_true_miprov2']:+.1f} |"
    )

"""What soft scores would save: `python -m benchmarks.soft [TABLE …] [--splits N]`.

For tables that also hold the probability of the right choice. Racing is fed right or wrong, the
probability, or a mix of both; its choice is worth what it gets right on held-out examples. With
0.6 of the calls a mix has to gain as much as right or wrong with all of them, at budgets from as
many examples as MIPROv2 scores down to where fewer calls are a loss.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks import contest, miprov2, replay, tables
from benchmarks.miprov2 import MODES, Mode
from benchmarks.simulator import Answers, Arm, Floats, Simulation
from optimizer.core.search.arms import Factor
from optimizer.core.search.race import DIGITS, Race, Step
from optimizer.core.strategies.race_state import DEMOS, INSTRUCTIONS

WEIGHTS = 0.0, 0.25, 0.5, 0.75, 1.0
"""Of the probability in what the race is fed; the rest is right or wrong."""
BUDGETS = 1.0, 0.5, 0.25
"""Shares of the examples that MIPROv2 scores."""
SAVING = 0.6
"""Of the calls, with which soft scores have to do."""

Variant = tuple[float, float, bool]
"""The probability's weight, the share of MIPROv2's examples, and whether the last word is right or
wrong: the race is steered by the mix, and of the fully scored combinations the one is chosen that
a race believes best which was told right or wrong of the same examples.
"""


@dataclass(frozen=True)
class Mixed:
    """A surface whose scores are partly probabilities; the truth is right or wrong."""

    right: Answers
    soft: Answers
    weight: float

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.right.sizes

    @property
    def examples(self) -> int:
        return self.right.examples

    def scores(self, arm: Arm) -> Floats:
        mixed = (1 - self.weight) * self.right.scores(arm) + self.weight * self.soft.scores(arm)
        return np.asarray(mixed, dtype=np.float64)

    def truth(self, arm: Arm) -> float:
        return self.right.truth(arm)


def variants() -> Iterator[Variant]:
    """Right or wrong with each budget, then every weight with as much less as is to be saved."""
    for budget in BUDGETS:
        yield 0.0, budget, False
        for weight in WEIGHTS:
            yield weight, SAVING * budget, False
            if weight:
                yield weight, SAVING * budget, True


def held(name: str, mode: Mode, seed: int) -> dict[Variant, float]:
    """The true gain of every variant on one split."""
    right, modules = replay.drawn(name, mode, 0, seed)
    soft, _ = replay.drawn(name, mode, 0, seed, soft=True)
    calls = miprov2.search(Simulation(right, modules), mode, seed).calls
    base = right.truth((0,) * len(right.sizes))
    found: dict[Variant, float] = {}
    for weight, share, last_word in variants():
        if not last_word:
            simulation = Simulation(Mixed(right, soft, weight), modules)
            arm, _ = contest.raced(simulation, int(calls * share), seed)
        else:  # The same race as just before.
            arm = _chosen_by_right(simulation, right, arm)
        found[weight, share, last_word] = right.truth(arm) - base
    return found


def _chosen_by_right(simulation: Simulation, right: Answers, otherwise: Arm) -> Arm:
    """What is believed best of the fully scored, had the race been told right or wrong."""
    race = Race(right.sizes, right.examples, 0, contest.BLOCK, "")
    deviations = [INSTRUCTIONS] * simulation.modules + [DEMOS] * simulation.modules
    pairs = enumerate(zip(right.sizes, deviations, strict=False))
    factors = [Factor(at, np.eye(size), typical) for at, (size, typical) in pairs if size > 1]
    race.widen(right.sizes, factors)
    for arm, seen in simulation.scored.items():
        positions = tuple(sorted(seen))
        race.tell(Step(arm, positions), [float(s) for s in right.scores(arm)[list(positions)]])
    whole = [arm for arm, seen in simulation.scored.items() if len(seen) == right.examples]
    standings = race.standings(whole)
    return max(standings, key=lambda s: round(s.mean, DIGITS)).arm if standings else otherwise


def figures(rounds: list[dict[Variant, float]]) -> list[dict[str, Any]]:
    """Gains, and what is lost or won beside right or wrong with the whole budget."""
    told = []
    compared = [v for v in variants() if v[1] not in BUDGETS]
    for weight, share, last_word in compared:
        budget = next(b for b in BUDGETS if SAVING * b == share)
        saved = [found[weight, share, last_word] for found in rounds]
        whole = [found[0.0, budget, False] for found in rounds]
        ahead = [100 * (less - more) for less, more in zip(saved, whole, strict=True)]
        told.append(
            {
                "budget": budget,
                "weight": weight,
                "last_word_right_or_wrong": last_word,
                "gain_whole": round(100 * fmean(whole), 2),
                "gain": round(100 * fmean(saved), 2),
                "ahead_of_whole": round(fmean(ahead), 2),
                "ahead_of_whole_se": round(contest.error(ahead), 2),
            }
        )
    return told


def worth(table: tables.Table, weight: float) -> float:
    """How many examples that are right or wrong one mixed example is worth, for telling two
    combinations apart: the median, over pairs, of how much larger (difference / deviation)² is.
    0 for pairs of which the mix prefers the other one.
    """
    assert table.soft is not None
    right = table.scores.reshape(-1, table.examples)
    mixed = (1 - weight) * right + weight * table.soft.reshape(-1, table.examples)
    found = []
    for one, other in itertools.combinations(range(len(right)), 2):
        plain, told = right[one] - right[other], mixed[one] - mixed[other]
        if abs(plain.mean()) >= 0.03 and told.std() > 0:
            agrees = plain.mean() * told.mean() > 0
            strength = (told.mean() / told.std()) ** 2 / (plain.mean() / plain.std()) ** 2
            found.append(strength if agrees else 0.0)
    return float(np.median(found))


def agreement(table: tables.Table) -> float:
    """The correlation of combinations' mean probability with their share of right answers."""
    assert table.soft is not None
    means = [part.mean(axis=-1).ravel() for part in (table.scores, table.soft)]
    return float(np.corrcoef(*means)[0, 1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.soft")
    parser.add_argument("tables", nargs="*", help="names or paths; all of ours without any")
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    told = []
    for name in asked.tables or tables.names():
        table = tables.load(name)
        if table.soft is None:
            continue
        values = {str(weight): round(worth(table, weight), 2) for weight in WEIGHTS}
        print(
            f"{Path(name).stem}: means agree by {agreement(table):.2f}; an example is worth", values
        )
        for mode in MODES.values():
            with get_context("spawn").Pool(asked.workers) as pool:
                rounds = pool.map(partial(held, name, mode), range(1, asked.splits + 1))
            cell = {"world": Path(name).stem, "mode": mode.name, "variants": figures(rounds)}
            told.append({**cell, "worth": values, "agreement": round(agreement(table), 3)})
            _show(told[-1])
    print(json.dumps({"cells": told}))


def _show(cell: dict[str, Any]) -> None:
    for v in cell["variants"]:
        by = ", the last word right or wrong" if v["last_word_right_or_wrong"] else ""
        print(
            f"{cell['world']}, {cell['mode']}, {v['budget']:4.0%} of the calls: gain "
            f"{v['gain_whole']:+5.1f}; with {SAVING} of those, probability {v['weight']:4.0%} of "
            f"the score: {v['gain']:+5.1f}, {v['ahead_of_whole']:+5.1f} ± "
            f"{v['ahead_of_whole_se']:.1f}{by}",
            flush=True,
        )


if __name__ == "__main__":
    main()

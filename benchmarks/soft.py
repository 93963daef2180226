"""What soft scores would save: `python -m benchmarks.soft [TABLE …] [--splits N]`.

For tables that also hold the probability of the right choice. Racing is fed right or wrong, the
probability, or a mix of both, with shares of the examples that MIPROv2 scores; its choice is worth
what it gets right on held-out examples. `chosen by right or wrong`: the race is steered by the mix,
and of the fully scored combinations the one with most right answers is taken.
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

WEIGHTS = 0.0, 0.25, 0.5, 0.75, 1.0
"""Of the probability in what the race is fed; the rest is right or wrong."""
SHARES = 1.0, 0.6, 0.5
WHOLE = 0.0, 1.0, False
"""Racing as it is: fed right or wrong, with as many examples as MIPROv2."""

Variant = tuple[float, float, bool]
"""The probability's weight, the share of MIPROv2's examples, and whether right or wrong chooses."""


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
    for weight, share in itertools.product(WEIGHTS, SHARES):
        yield weight, share, False
        if weight:
            yield weight, share, True


def held(name: str, mode: Mode, seed: int) -> dict[Variant, float]:
    """The true gain of every variant on one split."""
    right, modules = replay.drawn(name, mode, 0, seed)
    soft, _ = replay.drawn(name, mode, 0, seed, soft=True)
    calls = miprov2.search(Simulation(right, modules), mode, seed).calls
    base = right.truth((0,) * len(right.sizes))
    found: dict[Variant, float] = {}
    for weight, share in itertools.product(WEIGHTS, SHARES):
        surface = Mixed(right, soft, weight)
        simulation, arm, _ = contest.raced(surface, modules, int(calls * share), seed)
        found[weight, share, False] = right.truth(arm) - base
        whole = [a for a, seen in simulation.scored.items() if len(seen) == right.examples]
        best = max(whole, key=lambda a: float(right.scores(a).mean()), default=arm)
        found[weight, share, True] = right.truth(best) - base
    return found


def figures(rounds: list[dict[Variant, float]]) -> list[dict[str, Any]]:
    """Gains, and what is lost or won beside racing as it is with all of the examples."""
    told = []
    for variant in variants():
        ahead = [100 * (found[variant] - found[WHOLE]) for found in rounds]
        weight, share, by_right = variant
        told.append(
            {
                "weight": weight,
                "share": share,
                "chosen_by_right_or_wrong": by_right,
                "gain": round(100 * fmean(found[variant] for found in rounds), 2),
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
        by = ", chosen by right or wrong" if v["chosen_by_right_or_wrong"] else ""
        print(
            f"{cell['world']}, {cell['mode']}: probability {v['weight']:4.0%} of the score, "
            f"{v['share']:4.0%} of the calls: gain {v['gain']:+5.1f}, beside right or wrong with "
            f"all {v['ahead_of_whole']:+5.1f} ± {v['ahead_of_whole_se']:.1f}{by}",
            flush=True,
        )


if __name__ == "__main__":
    main()

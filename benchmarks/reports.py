"""What racing reports of its winner minus what the winner is worth, with heavy tails and without.

    python -m benchmarks.reports [CELL …] [--splits N]

Cells are the tables and blocks of `make bench-replay` in both modes, and `people-skewed`,
`banking10-skewed`: the table's best demo set among its poorest, so that one stands far out. Both
ways race the same blocks. A split gives the examples to choose by easier ones than those for the
truth, or harder ones: what the baseline, all combinations and the best fifth of them show of that
is taken out by regression (it is 0 on average), which leaves a standard error half as large.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks import blocks, contest, replay, tables
from benchmarks.miprov2 import MODES, Mode, evaluations_of
from benchmarks.simulator import Answers, Floats

Draw = Callable[[int], tuple[Answers, int]]


def skewed(name: str, mode: Mode, seed: int) -> tuple[Answers, int]:
    """A split of a table of one module: no demos, the best demo set, and the poorest others."""
    table, rng = tables.load(name), np.random.default_rng([seed, 3])
    dealt = rng.permutation(table.examples)
    ranked = [int(d) for d in np.argsort(table.scores.mean(axis=(0, 2))) if d]
    most = min(mode.candidates, table.scores.shape[1] - 3)
    sets = [0, *rng.permutation([*ranked[: most - 2], ranked[-1]])]
    others = 1 + rng.permutation(table.scores.shape[0] - 1)[: mode.instructions - 1]
    scores = table.scores[np.ix_([0, *others], sets, dealt)]
    size = round(replay.SHARE * table.examples)
    return Answers(scores[..., :size], scores[..., size:]), 1


def cells() -> dict[str, tuple[Draw, Mode]]:
    found: dict[str, tuple[Draw, Mode]] = {}
    for mode in MODES.values():
        for name in tables.names():
            found[f"{name}-{mode.name}"] = partial(replay.drawn, name, mode, 0), mode
        for name in ("banking10", "people"):
            found[f"{name}-skewed-{mode.name}"] = partial(skewed, name, mode), mode
        for name in blocks.names():
            found[f"{name}-{mode.name}"] = partial(blocks.drawn, name, mode), mode
    return found


def reported(draw: Draw, mode: Mode, seed: int) -> tuple[list[float], list[float]]:
    """Reported minus true without and with heavy tails; by how much the split was easier."""
    surface, modules = draw(seed)
    calls = evaluations_of(mode, len(surface.sizes), surface.examples)
    too_much = []
    for tails in (False, True):
        arm, score, _ = contest.race(surface, modules, calls, seed, tails)
        too_much.append(score - surface.truth(arm))
    chosen_by, held_out = surface.chosen_by.mean(axis=-1), surface.held_out.mean(axis=-1)
    easier, worth = (chosen_by - held_out).ravel(), (chosen_by + held_out).ravel()
    best = np.argsort(worth)[-max(len(worth) // 5, 1) :]
    return too_much, [float(easier[0]), float(easier.mean()), float(easier[best].mean())]


def adjusted(values: Floats, controls: Floats) -> tuple[float, float]:
    """The mean where the controls are 0, with its standard error."""
    design = np.column_stack([np.ones(len(values)), controls])
    found, *_ = np.linalg.lstsq(design, values, rcond=None)
    left = values - design @ found
    return float(found[0]), float(left.std(ddof=design.shape[1]) / np.sqrt(len(values)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.reports")
    parser.add_argument("cells", nargs="*", help="all without any")
    parser.add_argument("--splits", type=int, default=200)
    asked, known = parser.parse_args(), cells()
    print(f"{'reported - true, in points':30} {'normal':>14} {'heavy tails':>14}")
    for name in asked.cells or known:
        draw, mode = known[name]
        rounds = [reported(draw, mode, seed) for seed in range(1, asked.splits + 1)]
        controls = np.array([easier for _, easier in rounds])
        told = [
            "{:+7.1f} ± {:3.1f}".format(*adjusted(100 * values, controls))
            for values in np.array([too_much for too_much, _ in rounds]).T
        ]
        print(f"{name:30} {told[0]:>14} {told[1]:>14}", flush=True)


if __name__ == "__main__":
    main()

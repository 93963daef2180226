"""`make bench-replay`: racing beside MIPROv2's search, on tables of a real model's answers.

    python -m benchmarks.replay [TABLE …] [--splits N] [--workers N] [--racing-sets N]

A table is one of benchmarks/tables or a path. Every split draws options as MIPROv2's mode has them
and deals the examples: 60 % to choose by, the rest for the true score. `--racing-sets` gives racing
more demo sets than the mode has, as it finds more for itself in a real run.
"""

from __future__ import annotations

import argparse
import json
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import contest, tables
from benchmarks.miprov2 import MODES, Mode
from benchmarks.page import write_part
from benchmarks.simulator import Answers, Surface

RESULTS = Path(__file__).parent / "results" / "replay.json"
SHARE = 0.6


def drawn(name: str, mode: Mode, sets: int, seed: int) -> tuple[Surface, int]:
    """A split of a table: the first option of everything, others at random, examples dealt.

    `sets`: demo sets of a module, where these are more than the mode has.
    """
    table = _table(name)
    rng = np.random.default_rng(seed)
    dealt = rng.permutation(table.examples)
    instructions = [p for p, option in enumerate(table.options) if option.endswith(":instruction")]
    demos = [p for p, option in enumerate(table.options) if option.endswith(":demos")]
    counts = list(table.options.values())
    chosen = []
    for parameter, count in enumerate(counts):
        most = mode.instructions if parameter in instructions else max(mode.candidates, sets)
        others = 1 + rng.permutation(count - 1)[: min(most, count) - 1]
        chosen.append(np.array([0, *others]))
    scores = table.scores[np.ix_(*chosen, dealt)].transpose(*instructions, *demos, len(counts))
    size = round(SHARE * table.examples)
    return Answers(scores[..., :size], scores[..., size:]), table.modules


@cache
def _table(name: str) -> tables.Table:
    return tables.load(name)


def main() -> None:
    asked = _asked()
    print(contest.HEADINGS)
    told: list[dict[str, Any]] = []
    rounds_of: dict[str, list[contest.Round]] = {mode: [] for mode in MODES}
    for name in asked.tables or tables.names():
        for mode in MODES.values():
            seeds = range(1, asked.splits + 1)
            rounds = contest.contest(
                partial(drawn, name, mode, asked.racing_sets), mode, seeds, asked.workers
            )
            rounds_of[mode.name] += rounds
            world = Path(name).stem
            found = contest.figures(rounds)
            modules = _table(name).modules
            told.append({"world": world, "mode": mode.name, "modules": modules, **found})
            print(contest.row(f"{world}, {mode.name}", found), flush=True)
    for mode_name, rounds in rounds_of.items():
        found = contest.figures(rounds)
        told.append({"world": "all", "mode": mode_name, "modules": None, **found})
        print(contest.row(f"all, {mode_name}", found), flush=True)
    if not (asked.tables or asked.racing_sets):
        RESULTS.write_text(json.dumps({"cells": told}, indent=1) + "\n")
        lines = [contest.line(f"{cell['world']}, {cell['mode']}", cell) for cell in told]
        write_part("replay", "\n".join([*contest.COLUMNS, *lines]))
    print(json.dumps({"cells": told}))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.replay")
    parser.add_argument("tables", nargs="*", help="names or paths; all of ours without any")
    parser.add_argument("--racing-sets", type=int, default=0, help="demo sets of a module")
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()

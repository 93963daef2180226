"""`make bench-replay`: racing beside MIPROv2's search, on tables of a real model's answers.

    python -m benchmarks.replay [TABLE …] [--splits N] [--workers N] [--racing-sets N] [--fresh]

A table is one of benchmarks/tables or a path, also of a file of blocks (`benchmarks.blocks`); all
of ours without any. Every split draws options as MIPROv2's mode has them and deals the examples:
60 % to choose by, the rest for the true score. `--racing-sets` gives racing more demo sets than the
mode has, as it finds more for itself in a real run. Without tables named, figures are kept cell by
cell in results/replay.json; a cell with enough splits is not run again unless `--fresh` is given.
"""

from __future__ import annotations

import argparse
import itertools
import json
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import blocks, contest, contest_words, tables
from benchmarks.miprov2 import MODES, Mode
from benchmarks.page import write_part
from benchmarks.simulator import Answers

RESULTS = Path(__file__).parent / "results" / "replay.json"
SHARE = 0.6


def drawn(
    name: str, mode: Mode, sets: int, seed: int, *, soft: bool = False
) -> tuple[Answers, int]:
    """A split of a table: the first option of everything, others at random, examples dealt.

    `sets`: demo sets of a module, where these are more than the mode has. `soft`: how likely the
    right choices were, of a table that has that; the same split for the same seed.
    """
    table = _table(name)
    found = table.soft if soft else table.scores
    assert found is not None
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
    scores = found[np.ix_(*chosen, dealt)].transpose(*instructions, *demos, len(counts))
    size = round(SHARE * table.examples)
    return Answers(scores[..., :size], scores[..., size:]), table.modules


@cache
def _table(name: str) -> tables.Table:
    return tables.load(name)


def main() -> None:
    asked = _asked()
    kept = not (asked.tables or asked.racing_sets)
    known: dict[str, dict[str, Any]] = {}
    if kept and RESULTS.exists() and not asked.fresh:
        known = {_name(cell): cell for cell in json.loads(RESULTS.read_text())["cells"]}
    print(contest_words.HEADINGS)
    told = []
    for name in asked.tables or [*tables.names(), *blocks.names()]:
        for mode in MODES.values():
            found = known.get(f"{Path(name).stem}, {mode.name}")
            if found is None or found["worlds"] < asked.splits or "contest" not in found:
                found = _cell(name, mode, asked)
            told.append(found)
            print(contest_words.row(_name(found), found))
            print("\n".join(contest_words.screen_rows(found)), flush=True)
            if kept:
                _keep(told)
    for cell in _together(told):
        print(contest_words.row(_name(cell), cell))
        print("\n".join(contest_words.screen_rows(cell)))
    print(contest_words.tally_line(told))
    print(json.dumps({"cells": told + _together(told)}))


def _cell(name: str, mode: Mode, asked: argparse.Namespace) -> dict[str, Any]:
    seeds = range(1, asked.splits + 1)
    if blocks.holds_blocks(name):
        kind, modules = "blocks", 1
        draw: contest.Draw = partial(blocks.drawn, name, mode)
    else:
        kind, modules = "table", _table(name).modules
        draw = partial(drawn, name, mode, asked.racing_sets)
    found = contest.figures(contest.contest(draw, mode, seeds, asked.workers))
    world = Path(name).stem
    return {"world": world, "mode": mode.name, "modules": modules, "kind": kind, **found}


def _together(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All tables, and all blocks, of each mode, where there is more than one."""
    found = []
    for kind, mode in itertools.product(("table", "blocks"), MODES):
        cells = [cell for cell in told if (cell["kind"], cell["mode"]) == (kind, mode)]
        if len(cells) > 1:
            figures = contest.pooled([{**cell, "modules": None} for cell in cells])
            world = "all tables" if kind == "table" else "all blocks"
            found.append({"world": world, "mode": mode, "modules": None, "kind": "all", **figures})
    return found


def _name(cell: dict[str, Any]) -> str:
    return f"{cell['world']}, {cell['mode']}"


def _keep(told: list[dict[str, Any]]) -> None:
    """The results, and the page's tables of as much as there is."""
    shown = told + _together(told)
    RESULTS.write_text(json.dumps({"cells": shown}, indent=1) + "\n")
    lines = [contest_words.line(_name(cell), cell) for cell in shown]
    write_part("replay", "\n".join([*contest_words.COLUMNS, *lines]))
    rows = [row for cell in shown for row in contest_words.rival_rows(_name(cell), cell)]
    tally = contest_words.tally_line(told)
    text = "\n".join([*contest_words.RIVAL_COLUMNS, *rows, "", tally])
    write_part("replay-rivals", text, "make bench-replay")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.replay")
    parser.add_argument("tables", nargs="*", help="names or paths; all of ours without any")
    parser.add_argument("--racing-sets", type=int, default=0, help="demo sets of a module")
    parser.add_argument("--splits", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="run again what is known")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""`make bench-search`: racing beside MIPROv2's search, on simulated response surfaces.

    python -m benchmarks.search [--worlds N] [--only wide-light-1] [--workers N]

Results are kept cell by cell in results/search.json; a cell with enough worlds is not run again
unless `--fresh` is given.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import contest, contest_words
from benchmarks.miprov2 import MODES, Mode
from benchmarks.page import write_part
from benchmarks.simulator import KINDS, Surface, World

RESULTS = Path(__file__).parent / "results" / "search.json"


@dataclass(frozen=True)
class Cell:
    """A kind of world, one of MIPROv2's modes, and the program's size."""

    world: str
    mode: str
    modules: int
    demos: bool = True

    @property
    def name(self) -> str:
        return f"{self.world}-{self.mode}-{self.modules}{'' if self.demos else '-zero-shot'}"

    @property
    def title(self) -> str:
        size = "1 module" if self.modules == 1 else f"{self.modules} modules"
        return f"{self.world}, {self.mode}, {size}{'' if self.demos else ', no demos'}"


WITH_DEMOS = [world for world in KINDS if not world.startswith("paraphrases")]
PARAPHRASES = [world for world in KINDS if world.startswith("paraphrases")]
CELLS = [
    *(Cell(world, "light", 1, demos=False) for world in ("wide", "narrow")),
    *(Cell(world, "light", modules) for world in WITH_DEMOS for modules in (1, 2, 3)),
    *(Cell(world, "light", modules, demos=False) for world in PARAPHRASES for modules in (1, 2)),
    Cell("wide", "medium", 1, demos=False),
    *(Cell(world, "medium", 1, demos=False) for world in PARAPHRASES),
    *(Cell(world, "medium", modules) for modules in (1, 2, 3) for world in WITH_DEMOS),
]


def drawn(cell: Cell, seed: int) -> tuple[Surface, int]:
    """The world of a seed."""
    mode: Mode = MODES[cell.mode]
    instructions = mode.instructions if cell.demos else mode.candidates
    demos = mode.candidates if cell.demos else 1
    world = World(KINDS[cell.world], cell.modules, instructions, demos, mode.validation, seed)
    return world, cell.modules


def main() -> None:
    asked = _asked()
    known: dict[str, dict[str, Any]] = {}
    if RESULTS.exists():
        known = {cell["name"]: cell for cell in json.loads(RESULTS.read_text())["cells"]}
    print(contest_words.HEADINGS)
    told = []
    for cell in CELLS:
        if asked.only and cell.name not in asked.only:
            continue
        found = known.get(cell.name)
        stale = found is None or found["worlds"] < asked.worlds or "contest" not in found
        if found is None or stale or asked.fresh:
            seeds = range(1, asked.worlds + 1)
            rounds = contest.contest(partial(drawn, cell), MODES[cell.mode], seeds, asked.workers)
            found = {
                "name": cell.name,
                "world": cell.world,
                "mode": cell.mode,
                "modules": cell.modules,
                **contest.figures(rounds),
            }
            known[cell.name] = found
            _keep(known)
        told.append(found)
        print(contest_words.row(cell.name, found))
        print("\n".join(contest_words.screen_rows(found)), flush=True)
    print(contest_words.tally_line(told))
    print(json.dumps({"cells": told}))


def _lines(known: dict[str, dict[str, Any]]) -> list[str]:
    """The page's rows, and how many cells there are when some were not run yet."""
    told = [
        contest_words.line(cell.title, known[cell.name]) for cell in CELLS if cell.name in known
    ]
    left = len(CELLS) - len(told)
    return [*told, "", f"{left} of {len(CELLS)} cells are still to be run."] if left else told


def _keep(known: dict[str, dict[str, Any]]) -> None:
    ordered = [known[cell.name] for cell in CELLS if cell.name in known]
    RESULTS.write_text(json.dumps({"cells": ordered}, indent=1) + "\n")
    write_part("search", "\n".join([*contest_words.COLUMNS, *_lines(known)]))
    played = [cell for cell in CELLS if "contest" in known.get(cell.name, ())]
    rows = [r for cell in played for r in contest_words.rival_rows(cell.title, known[cell.name])]
    tally = contest_words.tally_line([known[cell.name] for cell in played])
    text = "\n".join([*contest_words.RIVAL_COLUMNS, *rows, "", tally])
    write_part("search-rivals", text, "make bench-search")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.search")
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--only", nargs="*", help="cells by name")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="run again what is known")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Strong models' scores by blocks of examples: prompts without any option in common.

A file has for each run of a prompt optimizer the prompts that it wrote, each with its right answers
in common blocks of examples. Which examples of a block were right is not known: they are dealt at
random, so that pairing helps between blocks only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.miprov2 import Mode
from benchmarks.simulator import Answers, Floats
from benchmarks.tables import UnreadableTable

BLOCKS = Path(__file__).parent / "tables" / "blocks"
CHOSEN_BY = {"light": 0.3, "medium": 0.6}
"""Share of the blocks to choose by; the others are for the truth."""


@dataclass(frozen=True)
class BlockScores:
    """`runs`: right answers of every prompt in every block, shape (prompts, blocks), one array a
    run; `size`: examples of a block.
    """

    name: str
    size: int
    runs: tuple[Floats, ...]


def names() -> list[str]:
    """The files that are here."""
    return sorted(path.stem for path in BLOCKS.glob("*.json"))


def path_of(name: str) -> Path:
    """A path as it is, or the file of a name."""
    return Path(name) if name.endswith(".json") else BLOCKS / f"{name}.json"


def holds_blocks(name: str) -> bool:
    """Whether a table's name or path is of such a file."""
    path = path_of(name)
    return path.exists() and "block_size" in json.loads(path.read_text(encoding="utf-8"))


@cache
def load(name: str) -> BlockScores:
    """Read a file by its name or path.

    Raises:
        UnreadableTable: a count is missing, or lies outside 0 and the block's size.
    """
    path = path_of(name)
    found = json.loads(path.read_text(encoding="utf-8"))
    size, count = int(found["block_size"]), int(found["blocks"])
    runs = []
    for run in found["runs"]:
        scores = np.array(run["scores"], dtype=np.float64)
        if scores.ndim != 2 or scores.shape[1] != count:
            raise UnreadableTable(f"{path.name}: a prompt of run {run['seed']} lacks blocks.")
        if not ((scores >= 0) & (scores <= size)).all():
            raise UnreadableTable(f"{path.name}: run {run['seed']} has counts outside 0–{size}.")
        runs.append(scores)
    return BlockScores(path.stem, size, tuple(runs))


def drawn(name: str, mode: Mode, seed: int) -> tuple[Answers, int]:
    """A split: one run's first prompt and others at random, as many as the mode has combinations
    of a module's instructions and demo sets; blocks dealt anew.
    """
    scores, rng = load(name), np.random.default_rng([seed, 5])
    run = scores.runs[int(rng.integers(len(scores.runs)))]
    most = min(mode.instructions * mode.candidates, len(run))
    arms = np.array([0, *(1 + rng.permutation(len(run) - 1)[: most - 1])])
    blocks = rng.permutation(run.shape[1])
    size = round(CHOSEN_BY[mode.name] * len(blocks))
    right = np.stack([_dealt(run[arm][blocks], scores.size, rng) for arm in arms])
    return Answers(right[:, : size * scores.size], right[:, size * scores.size :]), 1


def _dealt(counts: Floats, size: int, rng: np.random.Generator) -> Floats:
    """0/1 for every example, so many right ones in each block."""
    ranks = rng.permuted(np.tile(np.arange(size), (len(counts), 1)), axis=1)
    return np.asarray(ranks < counts[:, None], dtype=np.float64).ravel()

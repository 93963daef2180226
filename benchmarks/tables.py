"""Tables of a real model's right and wrong answers, read from benchmarks/tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TABLES = Path(__file__).parent / "tables"


class UnreadableTable(ValueError):
    """A file that is no whole table; the message says what is wrong with it."""


@dataclass(frozen=True)
class Table:
    """`options`: number of options by parameter, two for every module ("quote:instruction",
    "quote:demos"). `scores` (0–1) has one axis for each parameter, in this order, then examples.
    `soft`: the probability of the right choice in the same places, where the model told it.
    """

    name: str
    options: dict[str, int]
    scores: NDArray[np.float64]
    soft: NDArray[np.float64] | None = None

    @property
    def examples(self) -> int:
        return int(self.scores.shape[-1])

    @property
    def modules(self) -> int:
        return len(self.options) // 2


def names() -> list[str]:
    """The tables that are here."""
    return sorted(path.stem for path in TABLES.glob("*.json"))


def load(path: Path | str) -> Table:
    """Read a table by its file, or by its name when it is one of ours.

    Raises:
        UnreadableTable: cells or scores are missing, too many, or not in 0–1.
    """
    file = Path(path)
    file = file if file.suffix == ".json" else TABLES / f"{path}.json"
    found = json.loads(file.read_text())
    options, count = _options(found), _examples(found)
    shape = (*options.values(), count)
    scores = _filled(file.name, found["table"], shape)
    soft = _filled(file.name, found["soft"], shape) if found.get("soft") else None
    return Table(found["task"], options, scores, soft)


def _filled(
    file: str, cells: dict[str, list[float]], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    sizes, count = shape[:-1], shape[-1]
    scores = np.full(shape, np.nan)
    for key, given in cells.items():
        cell = tuple(int(index) for index in key.split(","))
        if len(cell) != len(sizes) or any(i >= n for i, n in zip(cell, sizes, strict=True)):
            raise UnreadableTable(f"{file}: there is no cell {key} in a table of {sizes}.")
        if len(given) != count:
            raise UnreadableTable(f"{file}: cell {key} has {len(given)} scores, not {count}.")
        scores[cell] = given
    if not ((scores >= 0) & (scores <= 1)).all():
        raise UnreadableTable(f"{file}: cells are missing, or hold scores outside 0–1.")
    return scores


def _options(found: dict[str, Any]) -> dict[str, int]:
    """As the table says; older ones name no parameters: there the cells' keys tell how many."""
    if "options" in found:
        return {name: int(count) for name, count in found["options"].items()}
    keys = [[int(index) for index in key.split(",")] for key in found["table"]]
    axes = [max(indices) + 1 for indices in zip(*keys, strict=True)]
    modules = ["classify"] if len(axes) == 2 else [f"m{n}" for n in range(1, len(axes) // 2 + 1)]
    names = [f"{module}:{part}" for module in modules for part in ("instruction", "demos")]
    return dict(zip(names, axes, strict=True))


def _examples(found: dict[str, Any]) -> int:
    first = next(iter(found["table"].values()))
    return int(found.get("examples", len(first)))

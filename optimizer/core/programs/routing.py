"""Which prompt an input is given: by prompts that did well on inputs worded like it (after QPO:
Kong et al. 2024, arXiv 2408.10504). Standard library only, as a router's Python file carries it.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from optimizer.core.programs.layouts import spelled_out
from optimizer.core.programs.likeness import terms

# ----------------------------------------------------------------------------------------------

COLUMNS = 1024
"""Places that words and pairs of words are hashed into."""
CAUTION = 5
"""Neighbours that think as all examples do stand beside those that are found."""


class Router(NamedTuple):
    """`candidates` by number, with their mean scores; the first is the best alone. `inputs`: whose
    texts are looked at. `rarity` weighs the columns.

    Linear: `weights` of a candidate say by how much each column raises its score. Nearest: the
    `neighbours` rows most like the input count, with by how much each candidate did better there
    than it does.
    """

    candidates: Sequence[int]
    means: Sequence[float]
    inputs: Sequence[str]
    rarity: Mapping[str, float]
    weights: Sequence[Mapping[str, float]] = ()
    rows: Sequence[Mapping[str, float]] = ()
    gains: Sequence[Sequence[float]] = ()
    neighbours: int = 0


def input_words(inputs: Sequence[str], values: Mapping[str, Any]) -> str:
    """The texts of these inputs in a row."""
    return "\n".join(spelled_out(values.get(name)) for name in inputs)


def columns_of(text: str) -> dict[str, float]:
    """How often its words and pairs of words stand in a text, damped, by column."""
    said = terms(text)
    pairs = [f"{one} {other}" for one, other in pairwise(said)]
    counts: Counter[str] = Counter()
    for token in (*said, *pairs):
        counts[str(zlib.crc32(token.encode("utf-8", "replace")) % COLUMNS)] += 1
    return {column: 1.0 + math.log(count) for column, count in counts.items()}


def weighed(columns: Mapping[str, float], rarity: Mapping[str, float]) -> dict[str, float]:
    """Columns by their rarity, of length 1; what was never seen is left out."""
    row = {c: value * rarity[c] for c, value in columns.items() if c in rarity}
    length = math.sqrt(math.fsum(value * value for value in row.values()))
    return {c: value / length for c, value in sorted(row.items())} if length else {}


def likeness_of(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return math.fsum(value * other[column] for column, value in one.items() if column in other)


def routed(router: Router, values: Mapping[str, Any]) -> int:
    """The number of the candidate that an input is given; the best alone where nothing is known."""
    return routed_by(router, columns_of(input_words(router.inputs, values)))


def routed_by(router: Router, columns: Mapping[str, float]) -> int:
    row = weighed(columns, router.rarity)
    if router.rows:
        alike = [likeness_of(row, known) for known in router.rows]
        order = sorted(range(len(alike)), key=lambda n: (-round(alike[n], 9), n))
        near = [n for n in order[: router.neighbours] if round(alike[n], 9) > 0]
        share = 1.0 / (router.neighbours + CAUTION)
        told = [
            mean + share * math.fsum(router.gains[n][place] for n in near)
            for place, mean in enumerate(router.means)
        ]
    else:
        told = [
            mean + likeness_of(row, weights)
            for mean, weights in zip(router.means, router.weights, strict=True)
        ]
    best = max(range(len(told)), key=lambda place: (round(told[place], 9), -place))
    return int(router.candidates[best])

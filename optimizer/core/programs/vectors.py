"""Vectors that an embedding model made of texts, and which of a pool point the same way. Standard
library only: a version's Python file carries this very text.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from operator import mul
from typing import Any

# ----------------------------------------------------------------------------------------------

UNIT = 4000
"""The length of every vector, in whole steps: so short that a sum of products is exact in whatever
order it is made, in floats of 32 bits too, and so long that a cosine is right to three digits.
"""
LONGEST_TEXT = 8_000
"""Characters of a text that are given to an embedding model."""

BATCH = 16
"""Texts of one request: vectors are long, and answers are bounded."""

Vector = bytes
"""Numbers of 16 bits, little-endian: a direction, `UNIT` long."""


def vector_of(numbers: Iterable[float]) -> Vector:
    """The direction of these numbers.

    Raises:
        ValueError: they have none.
    """
    found = [float(number) for number in numbers]
    length = math.hypot(*found)
    if not length or not math.isfinite(length):
        raise ValueError("a vector that has no direction")
    steps: bytes = _ordered(array("h", (round(UNIT * n / length) for n in found))).tobytes()
    return steps


def told_of(text: str) -> str:
    """As much of a text as an embedding model is given; none of them takes an empty one."""
    return text[:LONGEST_TEXT] or " "


def numbers_of(vector: Vector) -> Sequence[int]:
    numbers: Sequence[int] = _ordered(array("h", vector))
    return numbers


def cosine(one: Vector, other: Vector) -> float:
    """How alike two vectors are, from -1 to 1.

    Raises:
        ValueError: two models made them.
    """
    first, second = numbers_of(one), numbers_of(other)
    lengths = _product(first, first) * _product(second, second)
    return _product(first, second) / math.sqrt(lengths)


class Meanings:
    """Vectors of a pool, to be compared with others of the same model."""

    def __init__(self, vectors: Sequence[Vector]) -> None:
        self.size = len(vectors)
        self.vectors = [numbers_of(vector) for vector in vectors]

    def scores(self, asked: Vector, most: int) -> dict[int, float]:
        """Likeness from 0 to 1, by number: of the `most` that are nearest, and perhaps of others.

        Raises:
            ValueError: another model made `asked`.
        """
        own = numbers_of(asked)
        return {n: likeness(_product(own, each)) for n, each in enumerate(self.vectors)}

    def shared(self, one: int, other: int) -> float:
        """The likeness of two of them."""
        return likeness(_product(self.vectors[one], self.vectors[other]))


def likeness(product: int) -> float:
    """Of a product of two vectors: opposites are no less alike than what has nothing in common."""
    return max(product, 0) / UNIT**2


def _product(one: Sequence[int], other: Sequence[int]) -> int:
    if len(one) != len(other):
        raise ValueError("vectors of two models cannot be compared")
    return sum(map(mul, one, other))


def _ordered(numbers: Any) -> Any:
    """Little-endian where they were the machine's, and back."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers

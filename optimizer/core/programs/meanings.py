"""Large pools of vectors, compared by numpy: the very likeness of `vectors.Meanings`, and fast."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from optimizer.core.programs.vectors import Meanings, Vector, likeness

KEPT_IN_MEMORY = 8
"""Pools whose vectors one process holds ready."""


class Matrix(Meanings):
    """Sums of products of vectors of `UNIT` are exact in 32 bits: numpy's are those of Python."""

    def __init__(self, vectors: tuple[Vector, ...]) -> None:
        if len({len(vector) for vector in vectors}) > 1:
            raise ValueError("vectors of two models cannot be compared")
        self.size = len(vectors)
        whole = np.frombuffer(b"".join(vectors), dtype="<i2").reshape(self.size, -1)
        self._rows = whole.astype(np.float32)

    def scores(self, asked: Vector, most: int) -> dict[int, float]:
        own = np.frombuffer(asked, dtype="<i2").astype(np.float32)
        if own.size != self._rows.shape[1]:
            raise ValueError("vectors of two models cannot be compared")
        products = np.maximum(self._rows @ own, 0)
        last = max(self.size - most, 0)
        near = np.flatnonzero(products >= np.partition(products, last)[last])
        found = products[near].astype(int).tolist()
        return dict(zip(near.tolist(), map(likeness, found), strict=True))

    def shared(self, one: int, other: int) -> float:
        return likeness(int(self._rows[one] @ self._rows[other]))


@lru_cache(maxsize=KEPT_IN_MEMORY)
def matrix_of(vectors: tuple[Vector, ...]) -> Matrix:
    """The vectors of a pool, made ready once."""
    return Matrix(vectors)

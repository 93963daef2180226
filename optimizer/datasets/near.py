"""Texts that are nearly the same: found by MinHash, and then measured."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

GRAM = 5  # characters
MOST_GRAMS = 2000  # of one text
BANDS, DEPTH = 8, 4  # texts that share 0.8 of their grams meet in a band 98 times of 100
LIKE = 0.8
"""The least share of grams that near texts have in common (Jaccard)."""
MOST_TEXTS = 20_000
"""More are not compared: it would take longer than all the rest of an import."""
MOST_MET = 50  # texts of one band that are measured with each other
_PRIME = (1 << 31) - 1


def near_pairs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of texts, by their places, that are the same but for a few characters; capitals and
    spaces do not count. Texts that are equal otherwise are pairs, too.
    """
    import numpy as np  # which takes a part of the time that an import of many rows has

    prime = np.uint64(_PRIME)
    grams = [_grams(text) for text in texts]
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    rng = np.random.default_rng(0)
    factors = rng.integers(1, _PRIME, (BANDS * DEPTH, 1), dtype=np.uint64)
    shifts = rng.integers(0, _PRIME, (BANDS * DEPTH, 1), dtype=np.uint64)
    for place, found in enumerate(grams):
        hashes = np.fromiter(found, np.uint64, len(found)) % prime
        least = ((factors * hashes + shifts) % prime).min(axis=1).reshape(BANDS, DEPTH)
        for band in range(BANDS):
            buckets[band, least[band].tobytes()].append(place)
    seen: set[tuple[int, int]] = set()
    for met in buckets.values():
        for pair in _pairs(met[:MOST_MET]):
            if pair not in seen:
                seen.add(pair)
                if _likeness(grams[pair[0]], grams[pair[1]]) >= LIKE:
                    yield pair


def _pairs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    for n, one in enumerate(places):
        for other in places[n + 1 :]:
            yield one, other


def _grams(text: str) -> frozenset[int]:
    plain = " ".join(text.casefold().split())
    last = min(max(len(plain) - GRAM, 0) + 1, MOST_GRAMS)
    return frozenset(zlib.crc32(plain[at : at + GRAM].encode()) for at in range(last))


def _likeness(one: frozenset[int], other: frozenset[int]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)

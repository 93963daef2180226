"""How long it takes to find the demos that are most like an input: `python -m benchmarks.likeness`.

A pool of 10,000 rows of twelve words, drawn so that some words stand in most rows and most words in
few, as in a language; each way to choose, 200 inputs, processor time of one core.
"""

from __future__ import annotations

import random
import statistics
import time

from optimizer.core.programs.demo import Choosing
from optimizer.core.programs.likeness import Index, most_alike

ROWS, WORDS, VOCABULARY, INPUTS, SHOWN = 10_000, 12, 20_000, 200, 8


def main() -> None:
    dice = random.Random(1)
    words = [f"word{n}" for n in range(VOCABULARY)]
    weights = [1 / (n + 1) for n in range(VOCABULARY)]

    def texts(count: int) -> list[str]:
        return [" ".join(dice.choices(words, weights, k=WORDS)) for _ in range(count)]

    pool, inputs = texts(ROWS), texts(INPUTS)
    labels = [dice.choice("abcdefgh") for _ in pool]
    began = time.process_time()
    index = Index(pool)
    print(f"index of {ROWS:,} rows of {WORDS} words: {time.process_time() - began:.2f} s")
    for way in Choosing:
        took = [_milliseconds(index, text, way, labels) for text in inputs]
        slow = statistics.quantiles(took, n=20)[-1]
        print(f"{way}: {statistics.median(took):.1f} ms an input, 95th percentile {slow:.1f} ms")


def _milliseconds(index: Index, text: str, way: Choosing, labels: list[str]) -> float:
    began = time.process_time()
    most_alike(index, text, SHOWN, way, labels)
    return 1000 * (time.process_time() - began)


if __name__ == "__main__":
    main()

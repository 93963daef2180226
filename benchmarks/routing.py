"""How often a router is offered where nothing can be routed, and what it finds where something can.

    python -m benchmarks.routing

Two kinds of inputs, each with eight words of its own; two prompts that each suit one kind (90
and 30 right of 100), and one that is middling at both. Shuffled: the scores of another input.
"""

from __future__ import annotations

import random

import numpy as np

from optimizer.core.search.router import Table, routing_of

KINDS = (
    ("invoice", "payment", "amount", "bank", "transfer", "due", "total", "receipt"),
    ("league", "match", "goal", "player", "season", "coach", "stadium", "score"),
)
CHANCES = ((0.9, 0.3, 0.55), (0.3, 0.9, 0.55))
SIZES, RUNS = (40, 80, 160), 200
GAIN = 0.3
"""What perfect routing gains over the best alone."""


def table(n: int, seed: int, shuffled: bool) -> Table:
    rng = random.Random(f"{n}:{seed}")
    values = [{"text": " ".join(rng.choice(KINDS[row % 2]) for _ in range(8))} for row in range(n)]
    scores = [[float(rng.random() < chance) for chance in CHANCES[row % 2]] for row in range(n)]
    order = rng.sample(range(n), n) if shuffled else list(range(n))
    return Table.read((4, 7, 9), ("text",), values, np.array(scores)[order])


def main() -> None:
    print("| examples | offered, shuffled | offered, two kinds | gain found (of 30 points) |")
    print("|---|---|---|---|")
    for n in SIZES:
        none = [routing_of(table(n, seed, True)) for seed in range(RUNS)]
        some = [routing_of(table(n, seed, False)) for seed in range(RUNS // 4)]
        offered = [
            sum(bool(found and found.offered) for found in each) / len(each)
            for each in (none, some)
        ]
        gain = float(np.mean([found.gain.gain for found in some if found]))
        print(f"| {n} | {offered[0]:.1%} | {offered[1]:.0%} | {100 * gain:.1f} |")


if __name__ == "__main__":
    main()

"""How much of a gain the plain way alone reaches, and whether its interval holds the truth.

    python -m benchmarks.shares

What a small model answered (tables/): the best instruction without demos against the best of
instruction and demos together, both over the first instruction without demos. Then how often the
interval holds the true share where two candidates are drawn with known gains.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from optimizer.core.evaluation.shares import share_of

TABLES = Path(__file__).parent / "tables"
TASKS = ("banking10", "people", "dates")
BASE, WHOLE = 0.5, 0.2
SHARES, SIZES, RUNS = (0.0, 0.5, 1.0), (100, 300, 1000), 1000


def told_of(task: str) -> str:
    """A table's line: scores on the half that the two bests were not chosen on."""
    table: dict[str, list[float]] = json.loads((TABLES / f"{task}.json").read_text())["table"]
    plain = [cell for cell in table if cell.endswith(",0")]
    first = table["0,0"]
    chosen, held = range(0, len(first), 2), range(1, len(first), 2)

    def best(cells: Sequence[str]) -> list[float]:
        found = max(cells, key=lambda cell: sum(table[cell][n] for n in chosen))
        return [table[found][n] for n in held]

    base, some, all_of = [first[n] for n in held], best(plain), best(list(table))
    part = [mine - before for mine, before in zip(some, base, strict=True)]
    whole = [mine - before for mine, before in zip(all_of, base, strict=True)]
    found = share_of(part, whole)
    share = f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})" if found else "not told"
    scores = " | ".join(f"{100 * sum(each) / len(each):.0f}" for each in (base, some, all_of))
    return f"| {task} | {scores} | {share} |"


def held_by(share: float, n: int) -> str:
    """How many intervals were told, and how many of them hold the truth."""
    rng, told, right = random.Random(f"{share}:{n}"), 0, 0
    for _ in range(RUNS):
        luck = [rng.random() for _ in range(n)]  # one example is as hard for all three
        base = [float(each < BASE) for each in luck]
        whole = [_drawn(rng, each, BASE + WHOLE) for each in luck]
        part = [_drawn(rng, each, BASE + share * WHOLE) for each in luck]
        found = share_of(
            [a - b for a, b in zip(part, base, strict=True)],
            [a - b for a, b in zip(whole, base, strict=True)],
        )
        told += found is not None
        right += found is not None and found.low <= share <= found.high
    return f"| {share:.0%} | {n} | {told / RUNS:.0%} | {right / told:.1%} |"


def _drawn(rng: random.Random, luck: float, chance: float) -> float:
    """Right with this chance; half of the examples come out as their hardness says."""
    return float((luck if rng.random() < 0.5 else rng.random()) < chance)


def main() -> None:
    print("| task | first | plain alone | with demos | share of the gain |")
    print("|---|---|---|---|---|")
    for task in TASKS:
        print(told_of(task))
    print("\n| true share | examples | told | holds the truth |")
    print("|---|---|---|---|")
    for share in SHARES:
        for n in SIZES:
            print(held_by(share, n))


if __name__ == "__main__":
    main()

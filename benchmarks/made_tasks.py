"""The rows of two ready examples that are made, not collected: a grid world, and expressions that
can be said with fewer operations.

    python -m benchmarks.made_tasks grid_world > promptlab/demo/data/grid_world/examples.jsonl
"""

from __future__ import annotations

import json
import random
import sys
from collections import deque
from collections.abc import Iterator

SPLITS = {"train": 44, "validation": 40, "test": 60}
SIZE, WALLS = 5, 6
SHORTEST, LONGEST = 3, 7
"""Moves from start to goal."""
MOVES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
Place = tuple[int, int]


def grid_world() -> Iterator[dict[str, object]]:
    """Grids with one shortest way each."""
    rng = random.Random(20240208)
    seen: set[str] = set()
    while True:
        places = [(row, column) for row in range(SIZE) for column in range(SIZE)]
        start, goal, *walls = rng.sample(places, WALLS + 2)
        way = _way(start, goal, set(walls))
        world = _drawn(start, goal, walls)
        if way is not None and SHORTEST <= len(way) <= LONGEST and world not in seen:
            seen.add(world)
            yield {"world": world, "moves": way}


def _drawn(start: Place, goal: Place, walls: list[Place]) -> str:
    marks = {start: "S", goal: "G"} | dict.fromkeys(walls, "#")
    rows = (" ".join(marks.get((r, c), ".") for c in range(SIZE)) for r in range(SIZE))
    return "\n".join(rows)


def _way(start: Place, goal: Place, walls: set[Place]) -> list[str] | None:
    known: dict[Place, list[str]] = {start: []}
    waiting = deque([start])
    while waiting:
        place = waiting.popleft()
        if place == goal:
            return known[place]
        for move, (down, right) in MOVES.items():
            there = place[0] + down, place[1] + right
            inside = all(0 <= at < SIZE for at in there)
            if inside and there not in walls and there not in known:
                known[there] = [*known[place], move]
                waiting.append(there)
    return None


CHEAP = (
    "{n}*{x}", "{x} + {n}", "{x}*{y}", "{x} - {y}", "({x} + {n})*{y}", "{n}*{x} - {m}",
    "({x} + {y})*{z}", "{x}*{y} + {n}", "({x} - {n})*({y} + {m})", "{n}*({x} + {y})",
    "{x} + {y} - {z}",
)  # fmt: skip
"""Expressions as short as they can be, which are made dearer."""


def cheaper_expressions() -> Iterator[dict[str, object]]:
    """Expressions that were made longer step by step, with what they were made of."""
    rng = random.Random(20210913)
    seen: set[str] = set()
    while True:
        x, y, z = rng.sample("abcxyz", 3)
        cheap = rng.choice(CHEAP).format(x=x, y=y, z=z, n=rng.randint(2, 9), m=rng.randint(2, 9))
        dear = cheap
        for _ in range(rng.randint(1, 3)):
            dear = rng.choice(DEARER)(dear, x, y, rng)
        if dear not in seen and len(dear) <= 90:
            seen.add(dear)
            yield {"expression": dear, "cheapest": cheap}


def _spread(text: str, x: str, y: str, rng: random.Random) -> str:
    """A product with a sum is written out."""
    for sign in "+-":
        for one in "abcxyz":
            inner, outer = text.partition(")*")[0], text.partition(")*")[2]
            if inner.startswith("(") and f" {sign} " in inner and outer == one:
                left, right = inner[1:].split(f" {sign} ", 1)
                return f"{left}*{one} {sign} {right}*{one}"
    return f"{text} + 0"


def _split(text: str, x: str, y: str, rng: random.Random) -> str:
    """A multiple is written as a sum of two."""
    head, star, rest = text.partition("*")
    if star and head.isdigit() and int(head) > 2 and rest and rest[0] in "abcxyz":
        part = rng.randint(1, int(head) - 1)
        return f"{part}*{rest[0]} + {int(head) - part}*{rest[0]}{rest[1:]}"
    return f"({text})*1"


def _there_and_back(text: str, x: str, y: str, rng: random.Random) -> str:
    return f"{text} + {y} - {y}" if rng.random() < 0.5 else f"{x} + {text} - {x}"


def _twice(text: str, x: str, y: str, rng: random.Random) -> str:
    return f"2*({text}) - ({text})" if len(text) < 20 else f"{text} - 0"


def _nothing(text: str, x: str, y: str, rng: random.Random) -> str:
    return f"{text} + {x}*0"


DEARER = (_spread, _split, _there_and_back, _twice, _nothing)
TASKS = {"grid_world": grid_world, "cheaper_expressions": cheaper_expressions}


def main() -> None:
    rows = TASKS[sys.argv[1]]()
    for split, count in SPLITS.items():
        for _ in range(count):
            print(json.dumps(next(rows) | {"split": split}))


if __name__ == "__main__":
    main()

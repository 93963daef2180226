"""The table of a fault run: what was done, how often, what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROWS = "PROMPTLAB_FAULT_ROWS"
"""Names the file that gathers rows, also from processes of their own."""
MEMORY = ("memory", "the largest process of all these")
"""Part and fault of the rows of which only the largest is shown."""


@dataclass
class Row:
    """A fault: `tries` is how often it was made, `result` what was then true of all of them."""

    part: str
    fault: str
    tries: int = 0
    result: str = ""


@contextmanager
def row(part: str, fault: str) -> Iterator[Row]:
    """A row to be filled in; one whose test fails is kept, too, and says so."""
    made = Row(part, fault)
    try:
        yield made
    except BaseException as error:
        made.result = f"FAILED: {str(error).splitlines()[0][:80] if str(error) else 'no words'}"
        raise
    finally:
        _keep(made)


def rows(path: Path) -> list[Row]:
    """What was kept, in the order of parts as they came."""
    if not path.exists():
        return []
    return [Row(**json.loads(line)) for line in path.read_text().splitlines()]


def as_markdown(found: Sequence[Row]) -> str:
    memory = [r for r in found if (r.part, r.fault) == MEMORY]
    others = [r for r in found if (r.part, r.fault) != MEMORY]
    largest = sorted(memory, key=lambda r: int(r.result.split()[0]))[-1:]
    for one in largest:
        one.tries = len(memory)
    lines = ["| part | fault | tries | result |", "|---|---|---|---|"]
    lines += [f"| {r.part} | {r.fault} | {r.tries} | {r.result} |" for r in (*others, *largest)]
    return "\n".join(lines)


def _keep(made: Row) -> None:
    path = os.environ.get(ROWS)
    if path:
        with Path(path).open("a") as file:
            file.write(json.dumps(asdict(made), ensure_ascii=False) + "\n")

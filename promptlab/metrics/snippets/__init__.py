"""Code to begin a metric with: each a file beside this one, read as text and never imported."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
ENDING = ".txt"


@dataclass(frozen=True)
class Snippet:
    """`title` and `summary` are the first lines of its docstring."""

    name: str
    title: str
    summary: str
    source: str


@cache
def snippets() -> dict[str, Snippet]:
    """All of them by name, in the order of their titles."""
    found = [_read(path) for path in HERE.glob(f"*{ENDING}")]
    return {snippet.name: snippet for snippet in sorted(found, key=lambda s: s.title.casefold())}


def with_names(source: str, output: str, expected: str) -> str:
    """The source, with the names of what it judges in its line of names; "" keeps one."""
    lines = source.split("\n")
    at = next((n for n, line in enumerate(lines) if line.startswith("OUTPUT")), None)
    if at is not None:
        left, _equals, right = lines[at].partition(" = ")
        wished = {"OUTPUT": output, "EXPECTED": expected}
        given = dict(zip(left.split(", "), right.split(", "), strict=True))
        told = {name: json.dumps(wished.get(name) or json.loads(v)) for name, v in given.items()}
        lines[at] = f"{left} = {', '.join(told.values())}"
    return "\n".join(lines)


def _read(path: Path) -> Snippet:
    """A file begins with a comment: a title in its first line, a summary in the following ones."""
    lines = path.read_text("utf-8").splitlines()
    told = []
    while lines and lines[0].startswith("#"):
        told.append(lines.pop(0).removeprefix("#").strip())
    source = "\n".join(lines).strip("\n") + "\n"
    return Snippet(path.name.removesuffix(ENDING), told[0], " ".join(told[1:]), source)

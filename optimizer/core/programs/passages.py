"""Passages as texts, and as values of a list.

It stands alone, on the values: everything below the line of dashes is copied into the files that a
version is downloaded as.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from optimizer.core.programs.layouts import numbered
from optimizer.core.programs.values import ListOf, ObjectOf, read_value

# ----------------------------------------------------------------------------------------------


def passage_text(passage: dict[str, Any]) -> str:
    """A passage as one text: its only value, or a line for each column."""
    told = {name: value for name, value in passage.items() if value is not None}
    parts = [
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in told.values()
    ]
    if len(passage) == 1:
        return "".join(parts)
    return "\n".join(f"{name}: {part}" for name, part in zip(told, parts, strict=True))


def corpus_file(digest: str) -> str:
    """The file of a corpus, which lies beside a downloaded one."""
    return f"corpus-{digest[:12]}.jsonl"


def passages_told(passages: Sequence[str]) -> str:
    """Passages as one text, numbered."""
    return numbered(list(passages)) if passages else "No passage has any of these words."


def passages_as(kind: Any, found: Sequence[dict[str, Any]]) -> Any:
    """Passages as a value of a list: objects with the parts that these have, or texts."""
    if not isinstance(kind, ListOf) or not isinstance(kind.kind, ObjectOf):
        return read_value(kind, [passage_text(passage) for passage in found])
    names = kind.kind.kinds
    return read_value(kind, [{n: passage.get(n) for n in names} for passage in found])

"""Which column of a dataset a program's input is read from, where the two are not called alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from optimizer.core.programs.example import Example

ALIKE = (
    frozenset(("question", "query", "q", "prompt", "request", "ask")),
    frozenset(("text", "message", "sentence", "utterance", "comment", "content", "body", "email",
               "review", "document", "input", "msg", "sms")),
    frozenset(("context", "passage", "passages", "paragraph", "background", "documents")),
)  # fmt: skip
"""Names that people give to the same thing."""


def guessed(inputs: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """A column for each input that has none of its own name, as far as one can be meant: a name
    that differs in spelling, a name for the same thing, or the only column that is left over.
    """
    missing = [name for name in inputs if name not in columns]
    free = [column for column in columns if column not in inputs]
    found: dict[str, str] = {}
    for same in (_spelled_alike, _means_the_same):
        for name in missing:
            fitting = [c for c in free if c not in found.values() and same(name, c)]
            if name not in found and len(fitting) == 1:
                found[name] = fitting[0]
    left = [name for name in missing if name not in found]
    over = [column for column in free if column not in found.values()]
    return found | ({left[0]: over[0]} if len(left) == len(over) == 1 else {})


def read_as(example: Example, columns: Mapping[str, str]) -> Example:
    """The example with inputs of these names, each read from its column."""
    if not columns:
        return example
    known = example.expected | example.inputs
    inputs = {name: known[column] for name, column in columns.items() if column in known}
    return replace(example, inputs=example.inputs | inputs)


def _spelled_alike(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _means_the_same(one: str, other: str) -> bool:
    return any(_plain(one) in names and _plain(other) in names for names in ALIKE)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()

"""Token F1: the share of words that the answer and the expected text have in common.

Where one text is given, a list of expected ones holds several right answers; where a list is given,
all of the expected items are wanted, and of objects each word in its part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import Comparison, answers_in, short
from optimizer.core.metrics.texts import words_of
from optimizer.core.programs.signature import Value, written


@dataclass(frozen=True)
class TokenF1(Comparison):
    kind: Literal["token_f1"] = "token_f1"

    def compared(self, given: Value, expected: Value) -> Score:
        found = _words(given)
        wanted = map(_words, [expected] if isinstance(given, list) else answers_in(expected))
        best = max((_f1(found, answer) for answer in wanted), default=0.0)
        return Score(best, f"F1 {best:.2f}: expected {short(expected)}, got {short(given)}")


def _words(value: Value) -> Counter[str]:
    return Counter(_each_word(value))


def _each_word(value: Value, part: str = "") -> Iterator[str]:
    """The words of a value, those of an object's parts with their names."""
    if isinstance(value, list):
        for item in value:
            yield from _each_word(item, part)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _each_word(inner, f"{part}{name}: ")
    else:
        yield from (f"{part}{word}" for word in words_of(written(value)))


def _f1(found: Counter[str], wanted: Counter[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    shared = sum((found & wanted).values())
    if shared == 0:
        return 0.0
    precision, recall = shared / sum(found.values()), shared / sum(wanted.values())
    return 2 * precision * recall / (precision + recall)

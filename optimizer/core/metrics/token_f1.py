"""Token F1: the share of words that the answer and the expected text have in common.

Where one text is given, a list of expected ones holds several right answers; where a list is given,
all of the expected items are wanted.
"""

from __future__ import annotations

from collections import Counter
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
    items = value if isinstance(value, list) else [written(value)]
    return Counter(word for item in items for word in words_of(item))


def _f1(found: Counter[str], wanted: Counter[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    shared = sum((found & wanted).values())
    if shared == 0:
        return 0.0
    precision, recall = shared / sum(found.values()), shared / sum(wanted.values())
    return 2 * precision * recall / (precision + recall)

"""Exact match: the answer is the expected text, or one of several, or the same list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import Comparison, normalized, plain, right_or_wrong
from optimizer.core.programs.signature import Value


@dataclass(frozen=True)
class ExactMatch(Comparison):
    kind: Literal["exact_match"] = "exact_match"

    def compared(self, given: Value, expected: Value) -> Score:
        if isinstance(given, list) and isinstance(expected, list):
            right = sorted(map(normalized, given)) == sorted(map(normalized, expected))
        else:
            several = not isinstance(given, list)
            answers = expected if isinstance(expected, list) and several else [expected]
            right = any(plain(given) == plain(answer) for answer in answers)
        return right_or_wrong(right, given, expected)

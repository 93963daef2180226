"""Exact match: the answer is the expected text, or one of several, or the same list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import Comparison, answers_in, right_or_wrong, same
from optimizer.core.programs.signature import Value


@dataclass(frozen=True)
class ExactMatch(Comparison):
    kind: Literal["exact_match"] = "exact_match"

    def compared(self, given: Value, expected: Value) -> Score:
        answers = [expected] if isinstance(given, list) else answers_in(expected)
        right = any(same(given, answer) for answer in answers)
        return right_or_wrong(right, given, expected)

"""Contains: the expected text, or one of several, stands somewhere in the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import (
    Comparison,
    answers_in,
    normalized,
    plain,
    right_or_wrong,
)
from optimizer.core.programs.signature import Value


@dataclass(frozen=True)
class Contains(Comparison):
    kind: Literal["contains"] = "contains"

    def compared(self, given: Value, expected: Value) -> Score:
        wanted, text = map(normalized, answers_in(expected)), plain(given)
        right = any(answer and answer in text for answer in wanted)
        return right_or_wrong(right, given, expected)

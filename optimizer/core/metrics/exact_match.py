"""Exact match: the answer is the expected text, or one of several, or the same list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from optimizer.core.evaluation.assertion import Assertion
from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import (
    Comparison,
    answers_in,
    right_or_wrong,
    same,
    same_words,
)
from optimizer.core.metrics.normalisations import Normalisation, alike
from optimizer.core.programs.signature import Value, written


@dataclass(frozen=True)
class ExactMatch(Comparison):
    """`strict` is what counts besides the words; where it is nothing, numbers, truth, lists and
    objects are compared as what they are. `separator` parts several right answers in one text, "":
    none.
    """

    kind: Literal["exact_match"] = "exact_match"
    strict: tuple[Normalisation, ...] = ()
    separator: str = ""

    newer: ClassVar[tuple[str, ...]] = ("strict", "separator")

    @classmethod
    def of_assertion(cls, said: Assertion) -> ExactMatch | None:
        equal = said.kind == "equals" and not said.is_rule
        return cls(said.output, said.expected) if equal else None

    def as_assertion(self) -> dict[str, Any] | None:
        if self.strict or self.separator:
            return None
        return same_words(self.expected)

    def compared(self, given: Value, expected: Value) -> Score:
        answers = [expected] if isinstance(given, list) else self._answers(expected)
        right = any(self._same(given, answer) for answer in answers)
        return right_or_wrong(right, given, expected)

    def _answers(self, expected: Value) -> list[Value]:
        if self.separator and isinstance(expected, str):
            return [part.strip() for part in expected.split(self.separator)]
        return answers_in(expected)

    def _same(self, given: Value, expected: Value) -> bool:
        if not self.strict:
            return same(given, expected)
        if isinstance(given, list) and isinstance(expected, list):
            pairs = zip(given, expected, strict=False)
            return len(given) == len(expected) and all(self._same(*pair) for pair in pairs)
        return alike(written(given), written(expected), self.strict)

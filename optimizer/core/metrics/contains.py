"""Contains: the words of the expected text, or of one of several, stand in the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from optimizer.core.evaluation.assertion import Assertion
from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import Comparison, answers_in, right_or_wrong
from optimizer.core.metrics.texts import holds, words_of
from optimizer.core.programs.signature import Value, written


@dataclass(frozen=True)
class Contains(Comparison):
    kind: Literal["contains"] = "contains"

    @classmethod
    def of_assertion(cls, said: Assertion) -> Contains | None:
        holds_it = said.kind in ("contains", "icontains") and not said.is_rule
        return cls(said.output, said.expected) if holds_it else None

    def as_assertion(self) -> dict[str, Any] | None:
        return {"type": "icontains", "value": f"{{{{ {self.expected} }}}}"}

    def compared(self, given: Value, expected: Value) -> Score:
        said = written(given)
        text, answers = words_of(said), [written(answer) for answer in answers_in(expected)]
        right = any(
            holds(text, words_of(answer)) or (answer != "" and said == answer) for answer in answers
        )
        return right_or_wrong(right, given, expected)

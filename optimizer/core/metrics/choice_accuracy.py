"""Choice accuracy: the answer is the expected one of a field's choices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import (
    Comparison,
    answers_in,
    right_or_wrong,
    same,
    same_words,
)
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.signature import Field, FieldType, Value, written

_MARKS = re.compile(r"(?<=\w)[_-]+(?=\w)")


@dataclass(frozen=True)
class ChoiceAccuracy(Comparison):
    kind: Literal["choice_accuracy"] = "choice_accuracy"

    @classmethod
    def suits(cls, given: Field, wanted: Field) -> bool:
        return given.type is FieldType.CHOICE

    def field_problems(self, field: Field) -> list[Problem]:
        if field.type is FieldType.CHOICE:
            return []
        return [problem("metric.no_choice", output=self.output, type=field.type.value)]

    def as_assertion(self) -> dict[str, Any] | None:
        return same_words(self.expected)

    def compared(self, given: Value, expected: Value) -> Score:
        right = any(_alike(given, answer) for answer in answers_in(expected))
        return right_or_wrong(right, given, expected)


def _alike(given: Value, expected: Value) -> bool:
    """Marks between the words of a label say nothing: not_spam is not spam."""
    return same(given, expected) or same(*(_MARKS.sub(" ", written(v)) for v in (given, expected)))

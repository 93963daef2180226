"""Choice accuracy: the answer is the expected one of a field's choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import Comparison, right_or_wrong
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.signature import Field, FieldType, Value, written


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

    def compared(self, given: Value, expected: Value) -> Score:
        right = written(given).strip().casefold() == written(expected).strip().casefold()
        return right_or_wrong(right, given, expected)

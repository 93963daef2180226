"""Date: the answer names the expected day, however either is written."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import Comparison, answers_in, right_or_wrong, short
from optimizer.core.programs.dates import day_of
from optimizer.core.programs.signature import Field, FieldType, Value, written


@dataclass(frozen=True)
class DateMatch(Comparison):
    """`tolerance` is in days. A day that may be another (03/04/2025) is none."""

    kind: Literal["date_match"] = "date_match"

    @classmethod
    def suits(cls, given: Field, wanted: Field) -> bool:
        return given.type is FieldType.DATE

    def compared(self, given: Value, expected: Value) -> Score:
        wanted = [day for answer in answers_in(expected) if (day := _day(answer))]
        if not wanted:
            return Score(0.0, f"expected {short(expected)} names no single day")
        got = _day(given)
        if got is None:
            return Score(0.0, f"no single day in {short(given)}")
        right = min(abs((got - day).days) for day in wanted) <= self.tolerance
        return right_or_wrong(right, given, expected)


def _day(value: Value) -> datetime.date | None:
    day = day_of(written(value))
    return datetime.date.fromisoformat(day) if day else None

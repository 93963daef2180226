"""Numeric: the last number of the answer is the expected one, give or take a tolerance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import Comparison, right_or_wrong, short
from optimizer.core.programs.signature import Field, FieldType, Value, written

_NUMBER = re.compile(r"(?:(?<![\d.])-)?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Numeric(Comparison):
    kind: Literal["numeric"] = "numeric"

    @classmethod
    def suits(cls, given: Field, wanted: Field) -> bool:
        return not {given.type, wanted.type}.isdisjoint({FieldType.INTEGER, FieldType.NUMBER})

    def compared(self, given: Value, expected: Value) -> Score:
        got, wanted = _last_number(given), _last_number(expected)
        if wanted is None:
            return Score(0.0, f"expected {short(expected)} is not a number")
        if got is None:
            return Score(0.0, f"no number in {short(given)}")
        right = abs(got - wanted) <= self.tolerance + 1e-9 * abs(wanted)
        return right_or_wrong(right, given, expected)


def _last_number(value: Value) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = _NUMBER.findall(written(value).replace("\u2212", "-"))
    return float(found[-1].replace(",", "")) if found else None

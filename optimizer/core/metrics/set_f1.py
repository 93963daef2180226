"""Set F1: how many of the expected items are given, and how many given ones were expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import Comparison, answers_in, same, short
from optimizer.core.programs.signature import Field, FieldType, Value


@dataclass(frozen=True)
class SetF1(Comparison):
    """Judges lists whatever their order; an item that stands twice counts once. Two empty lists
    are the same.
    """

    kind: Literal["set_f1"] = "set_f1"

    def compared(self, given: Value, expected: Value) -> Score:
        said, wanted = _distinct(given), _distinct(expected)
        if not said and not wanted:
            return Score(1.0, "as expected")
        both = [item for item in wanted if any(same(one, item) for one in said)]
        score = 2 * len(both) / (len(said) + len(wanted))
        if score == 1:
            return Score(1.0, "as expected")
        missing = [short(item) for item in wanted if item not in both]
        extra = [short(one) for one in said if not any(same(one, item) for item in wanted)]
        told = [f"missing {', '.join(missing)}"] if missing else []
        told += [f"not expected {', '.join(extra)}"] if extra else []
        return Score(score, "; ".join(told))

    @classmethod
    def suits(cls, given: Field, wanted: Field) -> bool:
        return given.type is FieldType.LIST and wanted.type is FieldType.LIST


def _distinct(value: Value) -> list[Value]:
    found: list[Value] = []
    for item in answers_in(value):
        if item is not None and not any(same(item, other) for other in found):
            found.append(item)
    return found

"""JSON fields: an object is compared field by field, each with a kind and a weight of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.metrics.comparison import Comparison, right_or_wrong, same, short
from optimizer.core.metrics.parts import Objective, Part, together
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Field, FieldType, Value
from optimizer.core.programs.steps import Steps, side_by_side
from optimizer.core.programs.values import UnreadableValue, object_in


@dataclass(frozen=True)
class JsonFields(Metric):
    """Each of `fields` judges one field: its name is the field's, `output` and `expected` of its
    metric, too; a point goes into an object (`slots.people`). Without any every field that is
    given or expected is compared by exact match, and all count alike. What an object does not have
    is null; null where null is expected is right.
    """

    kind: Literal["json_fields"] = "json_fields"
    fields: tuple[Part, ...] = ()

    @classmethod
    def suits(cls, given: Field, wanted: Field) -> bool:
        return given.type is FieldType.OBJECT

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        expected = example.expected.get(self.expected)
        wanted = _object(expected)
        if wanted is None:
            raise NoScore(f"expected {short(expected)} is no object")
        given = prediction.outputs.get(self.output)
        got = _object(given)
        if got is None:
            return Score(0.0, f"no object in {short(given)}")
        parts = self.fields or _every_field(got, wanted)
        if not parts:
            return Score(1.0, "as expected")
        scores = yield from side_by_side(
            [
                part.metric.score(
                    Example(example.id, example.inputs, {part.name: _at(wanted, part.name)}),
                    Prediction({part.name: _at(got, part.name)}, prediction.trace),
                )
                for part in parts
            ]
        )
        return together(parts, scores, Objective.MEAN)

    def field_problems(self, field: Field) -> list[Problem]:
        known = {inner.name for inner in field.fields}
        if field.type is not FieldType.OBJECT or not known:
            return []
        unknown = [p.name for p in self.fields if p.name.partition(".")[0] not in known]
        given = tuple(sorted(known))
        return [problem("metric.no_such_field", field=name, given=given) for name in unknown[:1]]

    def attainable(self, field: Field, expected: Value) -> bool:
        return _object(expected) is not None


def _every_field(got: dict[str, Any], wanted: dict[str, Any]) -> tuple[Part, ...]:
    names = dict.fromkeys((*wanted, *got))
    return tuple(Part(name, _Same(name, name)) for name in names)


@dataclass(frozen=True)
class _Same(Comparison):
    """How a field is judged of which nothing else is said."""

    def compared(self, given: Value, expected: Value) -> Score:
        return right_or_wrong(same(given, expected), given, expected)


def _at(whole: dict[str, Any], path: str) -> Value:
    """The value at a path; a name that holds a point itself is found first."""
    if path in whole:
        found: Value = whole[path]
        return found
    name, _, rest = path.partition(".")
    inner = whole.get(name)
    return _at(inner, rest) if rest and isinstance(inner, dict) else None


def _object(value: Value) -> dict[str, Any] | None:
    if value is None:
        return {}
    try:
        return object_in(value)
    except UnreadableValue:
        return None

"""What metrics that compare an answer with the expected one have in common."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.metrics.texts import words_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import NULL, Field, FieldType, Value, written
from optimizer.core.programs.steps import Steps
from optimizer.core.programs.values import UnreadableValue, read_value


@dataclass(frozen=True)
class Comparison(Metric):
    """Asks nobody: the score follows from the two values."""

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        yield from ()
        given = prediction.outputs.get(self.output)
        if given is None and example.expected.get(self.expected, "") is None:
            return right_or_wrong(True, None, None)
        return self.compared(given, example.expected.get(self.expected))

    @abstractmethod
    def compared(self, given: Value, expected: Value) -> Score: ...

    def attainable(self, field: Field, expected: Value) -> bool:
        """Whether an answer of this field can be wholly right: null is where null is expected."""
        if expected is None and field.nullable:
            return True
        return any(self.compared(value, expected).value >= 1 for value in _answers(field, expected))


def answers_in(expected: Value) -> list[Value]:
    """The answers that are right where one text is given: a list holds several."""
    return list(expected) if isinstance(expected, list) else [expected]


def same(given: Value, expected: Value) -> bool:
    """Whether two values are the same answer: numbers, truth and lists as what they are, texts by
    their words.
    """
    for one, other in ((given, expected), (expected, given)):
        if isinstance(one, bool):
            return _as("boolean", other) == one
        if isinstance(one, int | float):
            return _as("number", other) == one
        if isinstance(one, list):
            items = _as("list", other)
            return isinstance(items, list) and _each(one) == _each(items)
    return words_of(written(given)) == words_of(written(expected))


def right_or_wrong(right: bool, given: Value, expected: Value) -> Score:
    told = f"expected {short(expected)}, got {short(given)}"
    return Score(float(right), "as expected" if right else told)


def short(value: Value) -> str:
    if value is None:
        return NULL
    text = written(value)
    return f"“{text[:80]}{'…' if len(text) > 80 else ''}”"


def _each(items: list[str]) -> list[tuple[str, ...]]:
    return [words_of(item) for item in items]


def _as(kind: str, value: Value) -> object:
    try:
        return read_value(kind, value)
    except UnreadableValue:
        return None


def _answers(field: Field, expected: Value) -> list[Value]:
    """The answers of a field among which the right one is, if there is one."""
    if field.type is FieldType.CHOICE:
        return list(field.choices)
    if field.type is FieldType.BOOLEAN:
        return [True, False]
    if field.type in (FieldType.INTEGER, FieldType.NUMBER):
        read = (_as(field.type.value, one) for one in answers_in(expected))
        return [one for one in read if isinstance(one, int | float)]
    return [expected] if field.type is FieldType.LIST else answers_in(expected)

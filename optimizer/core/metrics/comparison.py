"""What metrics that compare an answer with the expected one have in common."""

from __future__ import annotations

import json
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.metrics.texts import words_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import NULL, Field, FieldType, Value, written
from optimizer.core.programs.steps import Steps
from optimizer.core.programs.values import UnreadableValue, object_in, read_value


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
    """Whether two values are the same answer: numbers, truth, lists and objects as what they are,
    each of their parts; texts by their words. What an object does not have is null.
    """
    waiting: list[tuple[Value, Value]] = [(given, expected)]  # no recursion: answers nest deeply
    while waiting:
        one, other = waiting.pop()
        inner = _parts(one, other)
        if inner is None:
            return False
        waiting += inner
    return True


def _parts(given: Value, expected: Value) -> list[tuple[Value, Value]] | None:
    """What is still to be compared of two values; None where they differ already."""
    if given is None or expected is None:
        return [] if written(given) == written(expected) else None
    for one, other in ((given, expected), (expected, given)):
        if isinstance(one, bool):
            return [] if _as("boolean", other) == one else None
        if isinstance(one, int | float):
            return [] if _as("number", other) == one else None
        if isinstance(one, list):
            items = other if isinstance(other, list) else _as("list", other)
            if not isinstance(items, list) or len(one) != len(items):
                return None
            return list(zip(one, items, strict=True))
        if isinstance(one, dict):
            parts = _object(other)
            if parts is None:
                return None
            return [(one.get(name), parts.get(name)) for name in one.keys() | parts.keys()]
    return [] if words_of(written(given)) == words_of(written(expected)) else None


def same_words(expected: str) -> dict[str, Any]:
    """An assertion of promptfoo that compares words: case, width, marks around and between them
    and articles say nothing there, as here; what else `texts` knows, it does not.
    """
    code = (
        "const told = (v) => (v === null || v === undefined ? 'null' : typeof v === 'string' ? v : "
        "JSON.stringify(v)).normalize('NFKC').toLowerCase().replace(/[\\s_-]+/g, ' ')"
        ".replace(/\\b(?:a|an|the)\\b /g, '')"
        ".replace(/^[\\s\"'`*.,!?()]+|[\\s\"'`*.,!?()]+$/g, ''); "
        f"const wanted = context.vars[{json.dumps(expected)}]; "
        "return (Array.isArray(wanted) && !Array.isArray(output) ? wanted : [wanted])"
        ".some((one) => told(one) === told(output));"
    )
    return {"type": "javascript", "value": code}


def right_or_wrong(right: bool, given: Value, expected: Value) -> Score:
    told = f"expected {short(expected)}, got {short(given)}"
    return Score(float(right), "as expected" if right else told)


def short(value: Value) -> str:
    if value is None:
        return NULL
    text = written(value)
    return f"“{text[:80]}{'…' if len(text) > 80 else ''}”"


def _object(value: Value) -> dict[str, Any] | None:
    try:
        return object_in(value)
    except UnreadableValue:
        return None


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
    whole = field.type in (FieldType.LIST, FieldType.OBJECT)
    return [expected] if whole else answers_in(expected)

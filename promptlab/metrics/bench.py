"""The test bench: a metric judges a few answers that somebody types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value, written
from optimizer.sandbox.answers import without_models
from promptlab.datasets.models import Dataset
from promptlab.datasets.queries import as_example, find_examples

SIZE = 5


@dataclass(frozen=True)
class BenchRow:
    """One example with an answer and its score (None while there is no metric, or where the
    metric has to ask a model first).
    """

    key: str
    inputs: str
    expected: str
    answer: str
    score: Score | None
    fault: str = ""
    """Why the metric could not judge it."""

    @property
    def field(self) -> str:
        return f"answer-{self.key}"

    @property
    def right(self) -> bool:
        return self.score is not None and self.score.value >= 1.0


def rows(
    dataset: Dataset | None, column: str, metric: Metric | None, typed: Mapping[str, str]
) -> list[BenchRow]:
    """The first validation examples; where no answer was typed, what is expected is the answer."""
    if dataset is None or not column:
        return []
    found = list(find_examples(dataset, "validation")[:SIZE])
    found = found or list(dataset.examples.all()[:SIZE])
    return [_row(as_example(row), column, metric, typed) for row in found]


def _row(
    example: Example, column: str, metric: Metric | None, typed: Mapping[str, str]
) -> BenchRow:
    expected = example.expected.get(column)
    answer = typed.get(f"answer-{example.id}")
    given: Value = expected if answer is None or answer == _first(expected) else answer
    score, fault = _judged(metric, example, given) if metric else (None, "")
    return BenchRow(
        key=example.id,
        inputs=" · ".join(written(value) for value in example.inputs.values()),
        expected=written(expected),
        answer=_first(expected) if answer is None else answer,
        score=score,
        fault=fault,
    )


def _judged(metric: Metric, example: Example, given: Value) -> tuple[Score | None, str]:
    try:
        return without_models(metric.score(example, Prediction({metric.output: given}))), ""
    except NoScore as fault:
        return None, str(fault)


def _first(expected: Value) -> str:
    """Of several right answers, the first is shown as the one that was given."""
    if isinstance(expected, list):
        return expected[0] if expected else ""
    return written(expected)

"""The test bench: a metric judges a few answers that somebody types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.evaluation.program_metric import ProgramMetric
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value, written
from optimizer.sandbox.answers import without_models
from promptlab.accounts.models import Project
from promptlab.datasets.models import Dataset
from promptlab.datasets.queries import as_example, columns, find_examples
from promptlab.metrics import verdicts
from promptlab.metrics.verdicts import Judging

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
    given: Value = None
    """The answer as a value."""

    @property
    def field(self) -> str:
        return f"answer-{self.key}"

    @property
    def right(self) -> bool:
        return self.score is not None and self.score.value >= 1.0


@dataclass(frozen=True)
class Bench:
    """Rows with how they are judged; of a judge, how far it is, and about what it takes in
    micro-USD (None: not known).
    """

    rows: Sequence[BenchRow] = ()
    judging: Judging | None = None
    price: int | None = None


def bench_of(
    project: Project,
    dataset: Dataset | None,
    metric: Metric | None,
    column: str,
    typed: Mapping[str, str],
    asks: bool = False,
) -> Bench:
    """The first validation examples; where no answer was typed, what is expected is the answer.

    A judge costs something: it is asked only where somebody wishes so (`asks`).

    Raises:
        Refused: the judge cannot be asked as it stands.
    """
    judge = metric if isinstance(metric, ProgramMetric) else None
    if dataset is None or not (column or judge):
        return Bench()
    answers = column or next(iter(columns(dataset)[1]), "")
    found = list(find_examples(dataset, "validation")[:SIZE])
    found = found or list(dataset.examples.all()[:SIZE])
    rows = [_row(as_example(row), answers, metric, typed) for row in found]
    if judge is None:
        return Bench(rows)
    given = [
        judge.answer_of(as_example(row), said.given) for row, said in zip(found, rows, strict=True)
    ]
    if asks:
        verdicts.ask(project, judge, given)
    judging = verdicts.judging_of(project, judge, given)
    told = [_with(row, judging.verdicts.get(row.key)) for row in rows]
    return Bench(told, judging, verdicts.price_told(project, judge, given))


def _with(row: BenchRow, verdict: verdicts.Verdict | None) -> BenchRow:
    return replace(row, score=verdict.score, fault=verdict.fault) if verdict else row


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
        given=given,
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

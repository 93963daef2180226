"""The test bench: a metric judges a few answers that somebody types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Score
from optimizer.core.evaluation.program_metric import ProgramMetric
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value, written
from promptlab.accounts.models import Project
from promptlab.datasets.models import Dataset
from promptlab.datasets.queries import as_example, columns, find_examples
from promptlab.metrics import verdicts
from promptlab.metrics.judged import judged
from promptlab.metrics.verdicts import Judging

SIZE = 5


@dataclass(frozen=True)
class Answer:
    """One output as somebody types it, and what is expected of it, "" where nothing is."""

    output: str
    expected: str
    text: str
    field: str


@dataclass(frozen=True)
class BenchRow:
    """One example with an answer to each output and its score (None while there is no metric, or
    where the metric has to ask a model first).
    """

    key: str
    inputs: str
    answers: tuple[Answer, ...]
    score: Score | None
    fault: str = ""
    """Why the metric could not judge it."""
    given: Mapping[str, Value] = field(default_factory=dict)
    """The answers as values, by output."""

    @property
    def right(self) -> bool:
        return self.score is not None and self.score.value >= 1.0


@dataclass(frozen=True)
class Bench:
    """Rows with how they are judged; of a judge, how far it is, and about what it takes in
    micro-USD (None: not known). `in_runs`: a part asks a model, which it does in runs only.
    """

    rows: Sequence[BenchRow] = ()
    judging: Judging | None = None
    price: int | None = None
    in_runs: bool = False


def bench_of(
    project: Project,
    dataset: Dataset | None,
    metric: Metric | None,
    typed: Mapping[str, str],
    asks: bool = False,
) -> Bench:
    """The first validation examples; where no answer was typed, what is expected is the answer.

    A judge costs something: it is asked only where somebody wishes so (`asks`).

    Raises:
        Refused: the judge cannot be asked as it stands.
    """
    if dataset is None or metric is None:
        return Bench()
    outputs = _outputs(metric, columns(dataset)[1])
    found = list(find_examples(dataset, "validation")[:SIZE])
    examples = [as_example(row) for row in found or dataset.examples.all()[:SIZE]]
    rows = [_row(example, outputs, metric, typed) for example in examples] if outputs else []
    if not isinstance(metric, ProgramMetric):
        return Bench(rows, in_runs=bool(metric.lm_calls or metric.embedding_models))
    given = [
        metric.answer_of(example, row.given.get(metric.output))
        for example, row in zip(examples, rows, strict=True)
    ]
    if asks:
        verdicts.ask(project, metric, given)
    judging = verdicts.judging_of(project, metric, given)
    told = [_with(row, judging.verdicts.get(row.key)) for row in rows]
    return Bench(told, judging, verdicts.price_told(project, metric, given))


def _with(row: BenchRow, verdict: verdicts.Verdict | None) -> BenchRow:
    return replace(row, score=verdict.score, fault=verdict.fault) if verdict else row


def _outputs(metric: Metric, expected: Sequence[str]) -> dict[str, str]:
    """Every output that is judged, with the column whose values stand there as answers at first:
    the one that it is compared with, the one of its name, or any.
    """
    judged_ones = dict.fromkeys(m.output for m in metric.singles if m.output)
    found = {}
    for output in judged_ones:
        column = metric.columns.get(output, output if output in expected else "")
        found[output] = column or next(iter(expected), "")
    return found


def _row(
    example: Example, outputs: Mapping[str, str], metric: Metric, typed: Mapping[str, str]
) -> BenchRow:
    answers: list[Answer] = []
    given: dict[str, Value] = {}
    for number, (output, column) in enumerate(outputs.items()):
        expected = example.expected.get(column)
        named = f"answer-{example.id}" + (f"-{number}" if number else "")
        said, first = typed.get(named), _first(expected)
        given[output] = expected if said is None or said == first else said
        compared = written(expected) if output in metric.columns else ""
        answers.append(Answer(output, compared, first if said is None else said, named))
    score, fault = judged(metric, example, given)
    inputs = " · ".join(written(value) for value in example.inputs.values())
    return BenchRow(example.id, inputs, tuple(answers), score, fault, given)


def _first(expected: Value) -> str:
    """Of several right answers, the first is shown as the one that was given."""
    if isinstance(expected, list):
        return written(expected[0]) if expected else ""
    return written(expected)

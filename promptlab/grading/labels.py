"""Labelled verdicts that a judge can be measured by: of a dataset's column, or of people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.evaluation.program_metric import ProgramMetric
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value, written
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.grading.models import JudgeLabels, Queue
from promptlab.metrics.models import Metric

MOST = 200
"""Labelled answers that are looked at."""
ANSWERS = ("answer", "output", "response", "prediction", "completion")
"""What a column of answers is called where it has not the output's name."""


@dataclass(frozen=True)
class Labelled:
    """Answers with the verdicts that they should get, as inputs of the judge's program. `verdicts`
    and `texts`, the answers alone, are by example; `unread` are values that are no level, each with
    how often.
    """

    answers: tuple[Example, ...] = ()
    verdicts: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.answers)


def labels_of(metric: Metric) -> JudgeLabels | None:
    """Where a metric's labels are, None while nobody said it."""
    found = JudgeLabels.objects.select_related("dataset", "queue__project_run", "program")
    return found.filter(metric=metric).first()


def labelled(labels: JudgeLabels, judge: ProgramMetric) -> Labelled:
    """The first of them."""
    answers: list[Example] = []
    verdicts: dict[str, str] = {}
    texts: dict[str, str] = {}
    unread: Counter[str] = Counter()
    for key, example, answer, said in _rows(labels, judge):
        level = level_of(judge, said)
        if level is None:
            unread[written(said)[:80]] += 1
            continue
        asked = judge.asked(example, Prediction({judge.output: answer}))
        answers.append(Example(key, asked))
        verdicts[key], texts[key] = level, written(answer)
        if len(answers) == MOST:
            break
    return Labelled(tuple(answers), verdicts, texts, unread)


def level_of(judge: ProgramMetric, said: Value) -> str | None:
    """The verdict that a label means: its name in any case, or its score."""
    names = {name.casefold(): name for name in judge.scores}
    text = written(said).strip().casefold()
    if text in names:
        return names[text]
    score = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}.get(text)
    try:
        score = float(text) if score is None else score
    except ValueError:
        return None
    return next((name for name, worth in judge.scores.items() if worth == score), None)


def guessed(metric: Metric, judge: ProgramMetric) -> JudgeLabels | None:
    """A dataset of the project that has a column of answers and one of this judge's verdicts."""
    for dataset in metric.project.datasets.all():
        verdict, answer = guessed_columns(dataset, judge)
        if verdict and answer:
            return JudgeLabels(metric=metric, dataset=dataset, answer=answer, verdict=verdict)
    return None


def guessed_columns(dataset: Dataset, judge: ProgramMetric) -> tuple[str, str]:
    """Columns of verdicts and of answers, "" where there seems to be none."""
    inputs, expected = datasets.columns(dataset)
    seen = [datasets.as_example(row) for row in dataset.examples.all()[:MOST]]
    fits = (
        name
        for name in (*expected, *inputs)
        if seen and all(level_of(judge, _cell(row, name)) is not None for row in seen)
    )
    verdict = next(fits, "")
    named = (judge.output, *ANSWERS)
    answer = next((name for name in named if name in (*inputs, *expected) and name != verdict), "")
    return verdict, answer


def _cell(row: Example, name: str) -> Value:
    return row.expected.get(name, row.inputs.get(name))


def queues_of(project: Project) -> list[Queue]:
    """Queues in which single answers are graded."""
    found = Queue.objects.filter(project_run__project=project, way=Queue.Way.GRADE)
    return list(found.select_related("project_run"))


_Row = tuple[str, Example, Value, Value]
"""Key, example, answer, label."""


def _rows(labels: JudgeLabels, judge: ProgramMetric) -> Iterator[_Row]:
    if labels.queue is not None:
        yield from _of_people(labels.queue, judge)
    elif labels.dataset is not None:
        yield from _of_dataset(labels.dataset, labels.answer, labels.verdict, judge)


def _of_dataset(
    dataset: Dataset, answer: str, verdict: str, judge: ProgramMetric
) -> Iterator[_Row]:
    for row in dataset.examples.all().iterator(chunk_size=500):
        known = {**row.inputs, **row.expected}
        apart = (answer, verdict, judge.expected)
        inputs = {name: value for name, value in row.inputs.items() if name not in apart}
        example = Example(row.key, inputs, {judge.expected: known.get(judge.expected)})
        yield row.key, example, known.get(answer), known.get(verdict)


def _of_people(queue: Queue, judge: ProgramMetric) -> Iterator[_Row]:
    """What most people said of an item; where two said otherwise and no third, nothing is known."""
    said: dict[int, list[str]] = defaultdict(list)
    for pk, verdict in queue.items.values_list("pk", "grades__verdict"):
        said[pk] += [verdict] if verdict else []
    for item in queue.items.all():
        counted = Counter(said[item.pk]).most_common(2)
        if not counted or (len(counted) == 2 and counted[0][1] == counted[1][1]):
            continue
        example = Example(str(item.pk), item.inputs, {judge.expected: item.expected})
        yield str(item.pk), example, item.answer, counted[0][0]

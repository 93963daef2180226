"""How a metric judges the dataset's own right answers, and those of other examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from optimizer.core.evaluation.metric import Metric
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value, written
from promptlab.datasets.models import Dataset
from promptlab.datasets.queries import as_example, find_examples
from promptlab.metrics.judged import judged

MANY = 100
"""Examples whose right answers are judged."""


@dataclass(frozen=True)
class Gold:
    """What a metric makes of right answers: `own` is each example's (it should be 1), `other` that
    of another example, which expects something else (it should be low). None: nothing was judged.
    """

    own: float | None
    other: float | None
    judged: int

    @property
    def broken(self) -> bool:
        """Whether a right answer is not right by this metric."""
        return self.own is not None and self.own < 1.0

    @property
    def blind(self) -> bool:
        """Whether it cannot tell right answers from others' answers."""
        return self.own is not None and self.other is not None and self.other >= self.own


def gold_of(dataset: Dataset | None, metric: Metric | None) -> Gold | None:
    """How right answers of the dataset are judged; None where a model would have to be asked, or
    nothing is compared with a column.
    """
    if dataset is None or metric is None or not metric.columns:
        return None
    if metric.lm_calls or metric.embedding_models:
        return None
    found = list(find_examples(dataset, "validation")[:MANY])
    examples = [as_example(row) for row in found or dataset.examples.all()[:MANY]]
    examples = [e for e in examples if all(e.expected.get(c) is not None for c in metric.expects)]
    own = _scores(metric, [(e, e) for e in examples])
    other = _scores(metric, _strangers(metric, examples))
    return Gold(fmean(own) if own else None, fmean(other) if other else None, len(own))


def _strangers(metric: Metric, examples: Sequence[Example]) -> list[tuple[Example, Example]]:
    """Each example with the next one that expects something else."""
    told = [tuple(written(e.expected.get(c)) for c in metric.expects) for e in examples]
    found = []
    for at, example in enumerate(examples):
        order = ((at + step) % len(examples) for step in range(1, len(examples)))
        stranger = next((n for n in order if told[n] != told[at]), None)
        if stranger is not None:
            found.append((example, examples[stranger]))
    return found


def _scores(metric: Metric, pairs: Sequence[tuple[Example, Example]]) -> list[float]:
    """The answers that the second ones expect, judged as answers to the first ones."""
    found = [judged(metric, example, _right(metric, giver))[0] for example, giver in pairs]
    return [score.value for score in found if score is not None]


def _right(metric: Metric, example: Example) -> dict[str, Value]:
    return {output: example.expected.get(column) for output, column in metric.columns.items()}

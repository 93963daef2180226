"""A try kept as an example of a dataset: what it was given, and what it gave as the answer."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.problems import Conflict
from optimizer.core.programs.signature import Value
from optimizer.jobs import evaluations
from optimizer.models import Run
from optimizer.running import snapshots
from promptlab.accounts.models import Project, User
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.datasets.versions import NewRow, add_rows


@dataclass(frozen=True)
class Kept:
    """Where it stands now. `row` is "" where the dataset had it already."""

    dataset: Dataset
    row: str


def keep(project: Project, run: Run, by: User, note: str, place: int = 0) -> Kept:
    """Add a try that ended to the newest dataset that has its inputs and one of its outputs. The
    answer is the expected value, which is corrected there. `place`: of which of its examples.

    Raises:
        Conflict: the try gave nothing, or no dataset has such columns.
        Refused: the values do not fit the dataset's fields.
    """
    spec = snapshots.thawed(run, EvaluationSpec)
    place = min(place, len(spec.examples) - 1)
    example, outcome = spec.examples[place], evaluations.answers_of(run).get(place)
    if outcome is None or not outcome.outputs:
        raise Conflict.because("try.gave_nothing")
    found = _fitting(project, example.inputs, outcome.outputs)
    if found is None:
        names = (*example.inputs, *outcome.outputs)
        raise Conflict.because("try.no_dataset", names=names)
    inputs, expected = datasets.columns(found)
    row = NewRow(
        {name: value for name, value in example.inputs.items() if name in inputs},
        {name: value for name, value in outcome.outputs.items() if name in expected},
    )
    added = add_rows(found, [row], by, note)
    return Kept(found, next(iter(added.keys), ""))


def _fitting(
    project: Project, inputs: dict[str, Value], outputs: dict[str, Value]
) -> Dataset | None:
    for dataset in project.datasets.all():
        known, expected = datasets.columns(dataset)
        if set(known) <= set(inputs) and set(expected) & set(outputs):
            return dataset
    return None

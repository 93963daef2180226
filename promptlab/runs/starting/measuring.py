"""A small measured check before a run: what the program's calls take with this model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from optimizer.codec import to_json
from optimizer.core.evaluation.pilot import Pilot
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import digest_of
from optimizer.datasets.splitting import Split
from optimizer.jobs import measuring
from optimizer.models import Measurement
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets

if TYPE_CHECKING:
    from promptlab.runs.starting.planning import RunRequest


class CannotMeasure(Exception):
    """Nothing can be measured as things stand; the message says what to change."""


@dataclass(frozen=True)
class Measuring:
    """`state`: "" when nobody measured this yet, waiting, lost, done or failed with `problem`.

    `said` is what the provider said of it: only for who may edit providers.
    """

    state: str = ""
    problem: str = ""
    pilot: Pilot | None = None
    said: str = ""


def measuring_of(project: Project, wishes: RunRequest) -> Measuring:
    """The newest check of this very program, model and dataset."""
    if Role.TASK not in wishes.models:
        return Measuring()
    row = measuring.latest(project.namespace, _digest(wishes))
    if row is None:
        return Measuring()
    if row.state == Measurement.State.WAITING:
        return Measuring("waiting" if measuring.is_waiting(row) else "lost")
    return Measuring(row.state, row.problem, measuring.pilot(row), row.said)


def measure(project: Project, wishes: RunRequest) -> Measuring:
    """Have a worker run the program as it stands on a few training examples.

    Raises:
        CannotMeasure: there is no model or no example, or the program cannot run.
    """
    problems = wishes.program.core.problems()
    examples = _examples(wishes)
    if problems:
        raise CannotMeasure(sentence(problems[0]))
    if Role.TASK not in wishes.models:
        raise CannotMeasure(_("Choose the task model first: it is what is measured."))
    if not examples:
        raise CannotMeasure(_("The dataset has no example to measure with."))
    missing = [f.name for f in wishes.program.core.inputs if f.name not in examples[0].inputs]
    if missing:
        raise CannotMeasure(
            _("The program takes “%(input)s”, which the dataset does not have.")
            % {"input": missing[0]}
        )
    model = wishes.models[Role.TASK]
    program = wishes.program.core
    measuring.start(project.namespace, _digest(wishes), program, model, examples)
    return measuring_of(project, wishes)


def _digest(wishes: RunRequest) -> str:
    """What is measured. Another metric or other settings would take the same calls."""
    program, model = to_json(wishes.program.core), to_json(wishes.models[Role.TASK])
    return digest_of([program, model, wishes.dataset.digest])


def _examples(wishes: RunRequest) -> list[Example]:
    """A few training examples from all over the split; of the rest where there are none."""
    rows = wishes.dataset.examples.order_by("position")
    training = rows.filter(split=Split.TRAIN.value)
    keys = list((training if training.exists() else rows).values_list("pk", flat=True))
    wanted = min(measuring.EXAMPLES, len(keys))
    chosen = [keys[i * len(keys) // wanted] for i in range(wanted)]
    return [datasets.as_example(row) for row in rows.filter(pk__in=chosen)]

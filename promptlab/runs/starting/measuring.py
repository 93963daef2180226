"""A small measured check before a run: what the program's calls take with this model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.conversation.requests import Purpose
from optimizer.core.evaluation.pilot import Pilot, pilot_of
from optimizer.core.problems import Refused
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role as ModelRole
from optimizer.datasets.splitting import Split
from optimizer.jobs import evaluations
from optimizer.models import Provider, Run
from optimizer.running import snapshots
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.live.page import LivePage, Ring
from promptlab.ui.parameters import Parameters

if TYPE_CHECKING:
    from promptlab.runs.starting.planning import RunRequest


MOST_EXAMPLES = 5
"""How many examples are measured."""


@dataclass(frozen=True)
class Measuring:
    """`state`: "" when nobody measured this yet, waiting, lost, done or failed with `problem`.

    `said` is what the provider said of it: only for who may edit providers. `run` is what measures.
    """

    state: str = ""
    problem: str = ""
    pilot: Pilot | None = None
    said: str = ""
    run: Run | None = None


def measuring_of(project: Project, wanted: RunRequest) -> Measuring:
    """The newest measurement of this very program, model and examples."""
    examples = _examples(wanted)
    if ModelRole.TASK not in wanted.models or not examples:
        return Measuring()
    run = evaluations.latest(_spec(project, wanted, examples))
    return Measuring() if run is None else _measuring(run)


def measure(project: Project, wanted: RunRequest) -> Measuring:
    """Have a worker run the program as it stands on a few training examples.

    Raises:
        Refused: there is no model or no example, or the program cannot run.
    """
    problems = wanted.program.core.problems()
    examples = _examples(wanted)
    if problems:
        raise Refused(problems[0])
    if ModelRole.TASK not in wanted.models:
        raise Refused.because("measure.no_model")
    if not examples:
        raise Refused.because("measure.no_example")
    missing = [f.name for f in wanted.program.core.inputs if f.name not in examples[0].inputs]
    if missing:
        raise Refused.because("measure.no_such_input", input=missing[0])
    spec = _spec(project, wanted, examples)
    before = evaluations.latest(spec)
    if before is not None and evaluations.is_waiting(before):
        return _measuring(before)
    return _measuring(evaluations.start(spec))


class LiveMeasurement(LivePage):
    """How far a measurement is; at its end, the estimate is asked for anew."""

    gather = 0.1

    def __init__(self, project: Project, measurement: int, asked: Parameters) -> None:
        super().__init__()
        self._project, self._pk = project, measurement
        self._run: Run | None = None

    def rings(self) -> list[Ring]:
        self._read()
        return [("run", self._pk)]

    @property
    def goes_on(self) -> bool:
        return self._run is None or self._run.active

    def read(self, role: Role) -> dict[str, Any]:
        return {"project": self._project, "run": self._read()}

    def parts(self) -> dict[str, str]:
        return {"measuring-progress": "runs/parts/measuring_progress.html"}

    def _read(self) -> Run:
        asked = Run.objects.filter(namespace=self._project.namespace, task=Run.Task.EVALUATE)
        self._run = asked.filter(spec__purpose=Purpose.MEASUREMENT, pk=self._pk).first()
        if self._run is None:
            raise Http404("There is no such measurement in this project.")
        return self._run


def _measuring(run: Run) -> Measuring:
    if run.active:
        return Measuring("waiting" if evaluations.is_waiting(run) else "lost", run=run)
    if run.status != Run.Status.FINISHED:
        return Measuring("failed", sentence(run.message), said=run.said, run=run)
    spec = snapshots.thawed(run, EvaluationSpec)
    provider = Provider.objects.filter(pk=spec.task_models[0].provider).first()
    at_once = min(len(spec.examples), provider.concurrency if provider else 1)
    return Measuring("done", pilot=pilot_of(evaluations.outcomes_of(run), at_once), run=run)


def _spec(project: Project, wanted: RunRequest, examples: list[Example]) -> EvaluationSpec:
    """What is measured. Another metric or other settings would take the same calls."""
    program, model = wanted.core, wanted.models[ModelRole.TASK]
    return EvaluationSpec(
        program, (baseline_of(program),), (model,), Purpose.MEASUREMENT, project.namespace,
        tuple(examples),
    )  # fmt: skip


def _examples(wanted: RunRequest) -> list[Example]:
    """A few training examples from all over the split; of the rest where there are none."""
    rows = wanted.dataset.examples.order_by("position")
    training = rows.filter(split=Split.TRAIN.value)
    keys = list((training if training.exists() else rows).values_list("pk", flat=True))
    n = min(MOST_EXAMPLES, len(keys))
    chosen = [keys[i * len(keys) // n] for i in range(n)]
    return [wanted.example(row) for row in rows.filter(pk__in=chosen)]

"""Evaluations of further candidates beside those of a run that has ended, on the same examples."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from optimizer.core.conversation.spec import Limits, RunSpec
from optimizer.core.conversation.splits import validation_of
from optimizer.core.optimizers.evaluation import as_evaluation
from optimizer.core.problems import Conflict
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.lm import Role
from optimizer.jobs.starting import enqueue_run
from optimizer.models import Run
from optimizer.running import snapshots

TAKES_IN = (Run.Status.FINISHED, Run.Status.CANCELLED)
"""A run in another state may still go on by itself, and number candidates of its own."""


def beside(
    run: Run, given: tuple[Candidate, ...], tested: bool = False, limits: Limits | None = None
) -> RunSpec:
    """The evaluation that scores candidates as the run scored its own: with the same model and
    metric, on the examples of a full evaluation. `tested`: it looks at the sealed test split, too.

    Raises:
        Conflict: the run has not ended.
    """
    if run.status not in TAKES_IN:
        raise Conflict.because("run.not_ended")
    spec = snapshots.thawed(run, RunSpec)
    return as_evaluation(
        replace(
            spec,
            models={Role.TASK: spec.models[Role.TASK]},
            train=(),
            validation=validation_of(spec),
            test=spec.test if tested else (),
            limits=limits or Limits(),
            further_optimizers=(),
            embedding=None,
            feedback_rules=(),
            rewrites=(),
            given=given,
            further_task_models=(),
        )
    )


def start(run: Run, spec: RunSpec) -> Run:
    """Have a worker score them; what it finds joins `run`."""
    with transaction.atomic():
        made = enqueue_run(spec)
        Run.objects.filter(pk=made.pk).update(beside=run)
        made.beside = run
    return made

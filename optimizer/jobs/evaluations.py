"""Runs without a search: asked here, held by a worker like any other.

What was paid for before is not paid again, and a run that makes the same calls later finds them.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from optimizer import doorbell, hints
from optimizer.core.conversation.evaluation import EvaluationSpec, ModelCheckSpec
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.instructions.improving import ImproveSpec
from optimizer.core.problems import Refused
from optimizer.jobs.reachable import unreachable
from optimizer.models import Run
from optimizer.retrieval import corpora
from optimizer.running import outcomes, snapshots

PATIENCE = timedelta(minutes=2)
"""What waits longer is asked for anew: no worker may be there."""


def start(spec: EvaluationSpec | ModelCheckSpec | ImproveSpec) -> Run:
    """Have a worker ask; it rings "run:<id>" whenever something is known.

    Raises:
        Refused: the program looks things up in a corpus that the project does not have.
    """
    if isinstance(spec, EvaluationSpec):
        lacking = corpora.lacking(spec.namespace, spec.program)
        lacking += unreachable(spec.namespace, spec.program)
        if lacking:
            raise Refused(*lacking)
    with transaction.atomic():
        run = snapshots.freeze(spec)
        run.save()
        hints.enqueue(run.pk, run.task)
        doorbell.ring("run", run.pk)
    return run


def latest(spec: EvaluationSpec) -> Run | None:
    """The newest run that asks this very thing."""
    same = Run.objects.filter(namespace=spec.namespace, digest=snapshots.digest(spec))
    return same.order_by("-pk").first()


def is_waiting(run: Run) -> bool:
    """Whether its answer may still come: who is at it may take long, and another goes on."""
    recent = timezone.now() - run.created_at < PATIENCE
    return run.active and (recent or run.status == Run.Status.RUNNING)


def outcomes_of(run: Run) -> tuple[Outcome, ...]:
    """What became of each example so far, request by request."""
    exchanges = run.exchanges.filter(kind="evaluate").values_list("pk", flat=True)
    known = [outcomes.of_exchange(pk) for pk in exchanges]
    return tuple(answers[position] for answers in known for position in sorted(answers))


def answers_of(run: Run) -> dict[int, Outcome]:
    """The same of its first request alone, by the places of the examples."""
    first = (
        run.exchanges.filter(kind="evaluate").order_by("pk").values_list("pk", flat=True).first()
    )
    return {} if first is None else outcomes.of_exchange(first)

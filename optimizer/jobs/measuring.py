"""Measuring what a program's calls take: asked here, answered by a worker.

The answers are in the ledger: a run that makes the same calls does not pay for them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from optimizer import codec, tasks
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.evaluation.pilot import Pilot, pilot_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.models import Measurement

EXAMPLES = 5
"""How many examples are measured at most."""
PATIENCE = timedelta(minutes=2)
"""One that waits longer is asked for anew: the worker that had it may be gone."""


def start(
    namespace: str, digest: str, program: Program, model: ModelRef, examples: Sequence[Example]
) -> Measurement:
    """Ask a worker to run the program as it stands; it rings "measurement:<id>" at the end.

    `digest` is that of what is measured. One that waits already is not asked for again.
    """
    waiting = latest(namespace, digest)
    if waiting is not None and is_waiting(waiting):
        return waiting
    with transaction.atomic():
        row = Measurement.objects.create(
            namespace=namespace,
            digest=digest,
            program=codec.to_json(program),
            model=codec.to_json(model),
            examples=codec.to_json(list(examples[:EXAMPLES]), list[Example]),
        )
        tasks.enqueue("measurement", row.pk)
    return row


def latest(namespace: str, digest: str) -> Measurement | None:
    """The newest measurement of this digest."""
    found = Measurement.objects.filter(namespace=namespace, digest=digest)
    return found.order_by("-pk").first()


def is_waiting(row: Measurement) -> bool:
    """Whether its answer may still come."""
    fresh = timezone.now() - row.created_at < PATIENCE
    return row.state == Measurement.State.WAITING and fresh


def pilot(row: Measurement | None) -> Pilot | None:
    """What it found, None before it is done."""
    if row is None or row.outcomes is None:
        return None
    return pilot_of(codec.from_json(tuple[Outcome, ...], row.outcomes), row.at_once)

"""Trying a program on one example, outside any run: asked here, answered by a worker."""

from __future__ import annotations

from django.db import transaction

from optimizer import codec, tasks
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.metric import Metric
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.models import Tryout


def start(
    namespace: str,
    program: Program,
    candidate: Candidate,
    model: ModelRef,
    example: Example,
    metric: Metric | None = None,
) -> Tryout:
    """Ask a worker to run the program; it rings "tryout:<id>" when `outcome` or `problem` is there.

    The program must have no problems. Without a metric the outcome's score says nothing: show its
    outputs and trace only.
    """
    with transaction.atomic():
        tryout = Tryout.objects.create(
            namespace=namespace,
            program=codec.to_json(program),
            prompts=codec.to_json(candidate),
            model=codec.to_json(model),
            metric=codec.to_json(metric) if metric else None,
            example=codec.to_json(example),
        )
        tasks.enqueue("tryout", tryout.pk)
    return tryout

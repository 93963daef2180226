"""Runs without a search, asked and answered for tests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optimizer.core.conversation.spec import RunSpec
    from optimizer.core.evaluation.metric import Metric
    from optimizer.core.evaluation.outcome import Outcome
    from optimizer.core.programs.example import Example
    from optimizer.core.programs.program import Program
    from optimizer.lm.call import Endpoint
    from optimizer.models import Provider, Run


def start_tryout(
    spec: RunSpec,
    example: Example | None = None,
    metric: Metric | None = None,
    program: Program | None = None,
) -> Run:
    """A try-out of the spec's program with its task model, waiting for a worker."""
    from optimizer.core.conversation.evaluation import EvaluationSpec
    from optimizer.core.conversation.requests import Purpose
    from optimizer.core.programs.candidate import baseline_of
    from optimizer.core.programs.lm import Role
    from optimizer.jobs import evaluations

    program = program or spec.program
    return evaluations.start(
        EvaluationSpec(
            program, (baseline_of(program),), (spec.models[Role.TASK],), Purpose.TRYOUT,
            spec.namespace, (example or spec.validation[0],), metric,
        )
    )  # fmt: skip


def start_measurement(spec: RunSpec) -> Run:
    """A measurement of the spec's program on five training examples, waiting for a worker."""
    from optimizer.core.conversation.evaluation import EvaluationSpec
    from optimizer.core.conversation.requests import Purpose
    from optimizer.core.programs.candidate import baseline_of
    from optimizer.core.programs.lm import Role
    from optimizer.jobs import evaluations

    return evaluations.start(
        EvaluationSpec(
            spec.program, (baseline_of(spec.program),), (spec.models[Role.TASK],),
            Purpose.MEASUREMENT, spec.namespace, spec.train[:5],
        )
    )  # fmt: skip


def held(run: Run, endpoint: Endpoint | None = None) -> Run:
    """Hold the conversation as a worker would, with `endpoint` for every provider (None: its own);
    returns the row as it is after.
    """
    from optimizer.models import Run
    from optimizer.running import role_clients, runner

    connect = role_clients.connect if endpoint is None else lambda provider: endpoint
    runner.run(run.pk, runner.Means(connect=connect, stopping=threading.Event()))
    return Run.objects.get(pk=run.pk)


def checked(provider: Provider, endpoint: Endpoint | None = None, model: str = "scripted") -> Run:
    """Test the provider as a worker would; the row that is given knows of it after."""
    from optimizer.jobs import model_checks

    run = held(model_checks.start(provider, model), endpoint)
    provider.refresh_from_db()
    return run


def answered(run: Run, *outcomes: Outcome) -> Run:
    """End an evaluation with these outcomes, as if a worker had held it."""
    from django.utils import timezone

    from optimizer import codec
    from optimizer.models import Outcome as OutcomeRow

    now = timezone.now()
    exchange = run.exchanges.create(
        seq=1, digest="d", kind="evaluate", role="task", size=len(outcomes), answered_at=now
    )
    OutcomeRow.objects.bulk_create(
        OutcomeRow(
            exchange=exchange, position=position, example=outcome.example_id,
            score=outcome.score.value if outcome.score else None, error=outcome.error,
            data=codec.to_json(outcome),
        )
        for position, outcome in enumerate(outcomes)
    )  # fmt: skip
    return ended(run, "finished", stop_reason="completed")


def ended(run: Run, status: str, **columns: object) -> Run:
    """End a run without a worker."""
    from django.utils import timezone

    from optimizer.models import Run

    Run.objects.filter(pk=run.pk).update(status=status, ended_at=timezone.now(), **columns)
    return Run.objects.get(pk=run.pk)


def with_check(
    provider: Provider,
    works: bool = True,
    message: str = "",
    said: str = "",
    model: str = "scripted",
    seconds: float = 0.4,
) -> Provider:
    """Give the provider a test that has ended."""
    from optimizer.jobs import model_checks

    run = model_checks.start(provider, model)
    status, why = ("finished", "completed") if works else ("failed", "provider refused")
    ended(run, status, stop_reason=why, message=message, said=said, active_seconds=seconds)
    provider.refresh_from_db()
    return provider

"""How an owner leaves its run: with a status, wishes that came meanwhile heard, the lease ended."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from optimizer import doorbell, hints
from optimizer.core.problems import Message
from optimizer.models import Run
from optimizer.ownership import Superseded


def leave(
    run_id: int,
    epoch: int,
    status: Run.Status,
    stop_reason: str = "",
    message: Message = "",
    *,
    said: str = "",
    wished: bool = False,
) -> None:
    """Record that the run stops here, for now or for good; nobody holds it after.

    `said` are a provider's own words.
    A wish that changed until now is heard: cancel ends the run, and one that stopped because that
    was `wished` waits for a worker when it was resumed.

    Raises:
        Superseded: another epoch owns the run; nothing was recorded.
    """
    with transaction.atomic():
        left = Run.objects.filter(pk=run_id, epoch=epoch).update(
            status=status, stop_reason=stop_reason, message=message, said=said,
            ended_at=Now() if status in Run.ENDED else None, heard_at=None,
            answer_size=0, answer_done=0,
        )  # fmt: skip
        if not left:
            raise Superseded
        _hear_wishes(run_id, wished)
        doorbell.ring("run", run_id)


def _hear_wishes(run_id: int, wished: bool) -> None:
    run = Run.objects.filter(pk=run_id).exclude(status__in=Run.ENDED)
    if wished:
        run.filter(wish=Run.Wish.RUN).update(status=Run.Status.QUEUED)
    run.filter(wish=Run.Wish.CANCEL).update(
        status=Run.Status.CANCELLED, stop_reason="cancelled", ended_at=Now()
    )
    for task in run.filter(status=Run.Status.QUEUED).values_list("task", flat=True):
        hints.enqueue(run_id, task)

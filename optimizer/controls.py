"""Pause, resume, cancel, raise the cap: wishes that a run's worker reads between and during calls.

Every change is made by a condition on the row, so that two people pressing at once cannot tear it.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from optimizer import doorbell, tasks
from optimizer.lm import overruns
from optimizer.models import Completion, Run

QUEUED, RUNNING, PAUSED, CANCELLED, FAILED = (
    Run.Status.QUEUED,
    Run.Status.RUNNING,
    Run.Status.PAUSED,
    Run.Status.CANCELLED,
    Run.Status.FAILED,
)


class NotNow(Exception):
    """The run is in a state in which this cannot be done; the message says which."""


def pause(run_id: int) -> None:
    """Stop asking for more; calls in flight are let finish and kept.

    Raises:
        NotNow: the run is neither queued nor running.
    """
    with transaction.atomic():
        done = _change(run_id, Q(status=QUEUED), status=PAUSED, wish=Run.Wish.PAUSE)
        done = done or _change(run_id, Q(status=RUNNING), wish=Run.Wish.PAUSE)
        _must(done, run_id, "paused")


def resume(run_id: int) -> None:
    """Go on where a paused or failed run stopped; what was paid for is not paid again.

    Raises:
        NotNow: the run is neither paused, pausing nor failed.
    """
    with transaction.atomic():
        go = {"wish": Run.Wish.RUN, "message": "", "said": "", "ended_at": None}
        done = _change(run_id, Q(status__in=[PAUSED, FAILED]), status=QUEUED, stop_reason="", **go)
        pausing = Q(status=RUNNING, wish=Run.Wish.PAUSE)
        done = done or _change(run_id, pausing, **go)
        _must(done, run_id, "resumed")
        # Whoever resumes has looked: calls that were cut off too often may be sent again, and what
        # a provider took beyond its reservations is accepted.
        out = (Completion.State.DOUBT, Completion.State.RESERVED)  # the run may have failed midway
        Completion.objects.filter(run=run_id, state__in=out).update(doubts=0)
        overruns.accept(run_id)
        tasks.enqueue_run(run_id)


def cancel(run_id: int) -> None:
    """End the run for good; the best candidate found so far stays.

    Raises:
        NotNow: the run has finished or was cancelled before.
    """
    with transaction.atomic():
        idle = Q(status__in=[QUEUED, PAUSED, FAILED])
        ended = {"status": CANCELLED, "stop_reason": "cancelled", "ended_at": timezone.now()}
        done = _change(run_id, idle, wish=Run.Wish.CANCEL, **ended)
        done = done or _change(run_id, Q(status=RUNNING), wish=Run.Wish.CANCEL)
        _must(done, run_id, "cancelled")


def raise_cap(run_id: int, max_calls: int | None, max_cost: int | None) -> None:
    """Set new caps (calls, micro-USD; None = none) on a run that has not ended.

    Raises:
        NotNow: the run has ended, or a new cap is below what is spent and reserved already.
    """
    try:
        with transaction.atomic():
            open_ = ~Q(status__in=[CANCELLED, Run.Status.FINISHED])
            done = _change(run_id, open_, max_calls=max_calls, max_cost=max_cost)
            _must(done, run_id, "given another cap")
    except IntegrityError as error:
        raise NotNow("The new cap is below what the run has spent already.") from error


def _change(run_id: int, condition: Q, **values: object) -> bool:
    return Run.objects.filter(condition, pk=run_id).update(**values) == 1


def _must(done: bool, run_id: int, what: str) -> None:
    if not done:
        status = Run.objects.values_list("status", flat=True).get(pk=run_id)
        raise NotNow(f"A run that is {Run.Status(status).label.lower()} cannot be {what}.")
    doorbell.ring("run", run_id)

"""Pause, resume, cancel, raise the cap: wishes that a run's worker reads between and during calls.

Every change is made by a condition on the row, so that two people pressing at once cannot tear it.
"""

from __future__ import annotations

from typing import Any, cast

import psycopg
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from optimizer import doorbell, hints, ownership
from optimizer.core.problems import Conflict
from optimizer.lm import overruns
from optimizer.lm.ledger import Ledger
from optimizer.models import Completion, Run
from optimizer.ownership import Owner, Superseded
from optimizer.running import resting
from optimizer.running.interruptions import OVERBILLED, Why

QUEUED, RUNNING, PAUSED, CANCELLED, FAILED = (
    Run.Status.QUEUED,
    Run.Status.RUNNING,
    Run.Status.PAUSED,
    Run.Status.CANCELLED,
    Run.Status.FAILED,
)


def pause(run_id: int) -> None:
    """Stop asking for more; calls in flight are let finish and kept.

    Raises:
        Conflict: the run is neither queued nor running.
    """
    with transaction.atomic():
        at_once = {"status": _unless_running("status", Value(PAUSED))}
        done = _change(run_id, Q(status__in=[QUEUED, RUNNING]), wish=Run.Wish.PAUSE, **at_once)
        _must(done, run_id, "run.cannot_pause")
    settle(run_id)


def resume(run_id: int) -> None:
    """Go on where a paused or failed run stopped; what was paid for is not paid again.

    Raises:
        Conflict: the run is neither paused, pausing nor failed.
    """
    with transaction.atomic():
        stopped = Q(status__in=[PAUSED, FAILED]) | Q(status=RUNNING, wish=Run.Wish.PAUSE)
        told = Run.objects.filter(pk=run_id, stop_reason=OVERBILLED).exists()
        cut = Run.objects.filter(pk=run_id, stop_reason=Why.REPLIES_CUT).exists()
        done = _change(
            run_id, stopped, wish=Run.Wish.RUN, message="", said="", ended_at=None, stop_reason="",
            status=_unless_running("status", Value(QUEUED)),
        )  # fmt: skip
        _must(done, run_id, "run.cannot_resume")
        # Whoever resumes has looked: calls that were cut off too often may be sent again.
        out = (Completion.State.DOUBT, Completion.State.RESERVED)  # the run may have failed midway
        Completion.objects.filter(run=run_id, state__in=out).update(doubts=0)
        if told:
            overruns.accept(run_id)
        if cut:
            Run.objects.filter(pk=run_id).update(accepts_cut=True)
        hints.enqueue(run_id)


def cancel(run_id: int) -> None:
    """End the run for good; the best candidate found so far stays.

    Raises:
        Conflict: it has ended; an optimization that failed may be resumed, so it has not.
    """
    with transaction.atomic():
        at_once = {
            "status": _unless_running("status", Value(CANCELLED)),
            "stop_reason": _unless_running("stop_reason", Value("cancelled")),
            "ended_at": _unless_running("ended_at", Now()),
        }
        going = Q(status__in=[QUEUED, RUNNING, PAUSED])
        going |= Q(status=FAILED, task=Run.Task.OPTIMIZE)
        done = _change(run_id, going, wish=Run.Wish.CANCEL, **at_once)
        _must(done, run_id, "run.cannot_cancel")
    settle(run_id)


def settle(run_id: int) -> None:
    """Do what is wished of a running run that nobody holds: no worker is there to hear it."""
    wished = Run.objects.filter(pk=run_id, status=RUNNING).exclude(wish=Run.Wish.RUN)
    if not ownership.take(wished):
        return
    run = Run.objects.only("epoch", "wish", "namespace").get(pk=run_id)
    owner = Owner(run_id, run.epoch, run.namespace)
    with transaction.atomic(), connection.cursor() as cursor:
        Ledger(owner).recover(cast("psycopg.Cursor[Any]", cursor))
    try:
        if run.wish == Run.Wish.CANCEL:
            resting.leave(run_id, run.epoch, CANCELLED, "cancelled")
        else:
            resting.leave(run_id, run.epoch, PAUSED, wished=True)
    except Superseded:
        return  # this process stood still meanwhile: who holds the run now has heard the wish


def raise_cap(run_id: int, max_calls: int | None, max_cost: int | None) -> None:
    """Set new caps (calls, micro-USD; None = none) on a run that has not ended.

    Raises:
        Conflict: the run has ended, or a new cap is below what is spent and reserved already.
    """
    try:
        with transaction.atomic():
            open_ = ~Q(status__in=[CANCELLED, Run.Status.FINISHED])
            done = _change(run_id, open_, max_calls=max_calls, max_cost=max_cost)
            _must(done, run_id, "run.cannot_cap")
    except IntegrityError as error:
        raise Conflict.because("run.cap_below_spent") from error


def _unless_running(column: str, value: Value | Now) -> Case:
    """The new value of a run at rest; a running one is changed by whoever holds it."""
    return Case(When(status=RUNNING, then=F(column)), default=value)


def _change(run_id: int, condition: Q, **values: object) -> bool:
    return Run.objects.filter(condition, pk=run_id).update(**values) == 1


def _must(done: bool, run_id: int, code: str) -> None:
    if not done:
        status = Run.objects.values_list("status", flat=True).get(pk=run_id)
        raise Conflict.because(code, status=Run.Status(status).label.lower())
    doorbell.ring("run", run_id)

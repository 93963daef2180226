"""The runner: takes a run, holds its conversation, and leaves it so that it can go on.

An optimization, a try-out and a model's check are generators alike: their events are recorded,
their requests answered. What was recorded before is replayed into a fresh generator, so that a run
survives the end of any process.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django import db
from django.db.models.functions import Coalesce, Now

from optimizer import ownership
from optimizer.core.conversation.evaluation import (
    EvaluationSpec,
    ModelCheckSpec,
    check_model,
    evaluate,
)
from optimizer.core.conversation.events import Result, StopReason
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.conversation.splits import validation_of
from optimizer.core.instructions import model_probe
from optimizer.core.instructions.improving import ImproveSpec, improve
from optimizer.core.optimizers import OPTIMIZERS, Optimizer, optimizer_named
from optimizer.core.optimizers.estimate import calls_per_evaluation, embeddings_per_evaluation
from optimizer.core.problems import Refused, problem
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.search.search import NewSearch
from optimizer.lm import overruns
from optimizer.lm.failures import CallFailed
from optimizer.lm.ledger import Ledger
from optimizer.lm.retry import ATTEMPTS
from optimizer.lm.scrub import everyones
from optimizer.models import Run
from optimizer.ownership import GONE, Owner, Superseded
from optimizer.running import offers, role_clients, snapshots
from optimizer.running.commit_thread import ASK_ANEW, RESUME, CommitThread
from optimizer.running.conversation import hold
from optimizer.running.evaluator import Evaluator
from optimizer.running.interruptions import Interruption, Why
from optimizer.running.recorder import Recorder
from optimizer.running.reserve import Reserve
from optimizer.running.role_clients import (
    Connect,
    RoleClients,
)
from optimizer.running.snapshots import Spec
from optimizer.running.tpe import tpe
from optimizer.running.unread import unread_of

logger = logging.getLogger(__name__)

STOPPING = threading.Event()
"""Set when this process is to end: runs reserve nothing more, let calls come home, and leave."""

SUPERSEDED = "run %s has another owner now; this worker leaves it"
SHORT_ATTEMPTS = 2
"""How often a call is tried that somebody waits for."""
WHY_REFUSED = {"run.replay_differs": "replay differs", "run.optimizer_retired": "optimizer retired"}
"""Stop reasons of runs that cannot go on, by code; the others cannot call a model."""


@dataclass(frozen=True)
class Means:
    """What a run is carried out with; tests bring their own."""

    optimizers: Mapping[str, Optimizer] = field(default_factory=lambda: OPTIMIZERS)
    new_search: NewSearch = tpe
    connect: Connect = role_clients.connect
    attempts: int = ATTEMPTS
    stopping: threading.Event = STOPPING


def run(run_id: int, means: Means | None = None) -> None:
    """Carry a waiting run on as far as it goes: to its end, or until it is left.

    Returns at once when another worker holds it, or when it is not waiting to be run. Blocks the
    thread, which must have no running event loop.

    Raises:
        GONE: the database is; the run goes on where one is found.
        Exception: an error of ours; it is recorded on the run, which can be resumed.
    """
    row = _take(run_id)
    if row is None:
        return
    logger.info("run %s begins, epoch %s", run_id, row.epoch)
    with closing(ownership.connect()) as connection:
        try:
            _carry_on(row, connection, means or Means())
        except Superseded:
            logger.warning(SUPERSEDED, run_id)
        except GONE:
            if _given_back(row):
                raise
            logger.warning(SUPERSEDED, run_id)


def _given_back(row: Run) -> bool:
    """Let others take at once what cannot be gone on with here; False when somebody has taken it.

    The commit_thread has waited for the database: it is there again.
    """
    db.connection.close()
    return Run.objects.filter(pk=row.pk, epoch=row.epoch).update(heard_at=None) == 1


def _take(run_id: int) -> Run | None:
    """Become the run's owner; None when it has one, or does not wait to be run."""
    waiting = Run.objects.filter(pk=run_id, status__in=Run.ACTIVE)
    begun = {"status": Run.Status.RUNNING, "started_at": Coalesce("started_at", Now())}
    if ownership.take(waiting, message="", said="", **begun):
        return Run.objects.select_related("train", "validation", "test").get(pk=run_id)
    if waiting.exists():
        logger.info("run %s is held by another worker; this one leaves it alone", run_id)
    else:
        logger.info("run %s does not wait to be run", run_id)
    return None


def _carry_on(row: Run, connection: psycopg.Connection[Any], means: Means) -> None:
    owner = Owner(row.pk, row.epoch, row.namespace)
    with connection.transaction(), connection.cursor() as cursor:
        lost = Ledger(owner).recover(cursor)
        overrun = overruns.of_run(cursor, row.pk)  # its worker may have died before it could tell
    if lost:
        logger.warning("run %s: %s calls of a stopped worker are in doubt", row.pk, lost)
    recorder = Recorder(row)
    with asyncio.Runner() as loop:
        commit_thread = CommitThread(
            owner, connection, loop.get_loop(), means.stopping,
            RESUME if row.resumable else ASK_ANEW,
        )  # fmt: skip
        commit_thread.overbilled(overrun)
        try:
            with _ending_recorded(row, recorder):
                with _overbilling_told(commit_thread), commit_thread:
                    result = _converse(row, recorder, commit_thread, loop, means)
                recorder.finished(result)
                logger.info("run %s is finished", row.pk)
        finally:
            commit_thread.release()


def _converse(
    row: Run, recorder: Recorder, commit_thread: CommitThread, loop: asyncio.Runner, means: Means
) -> Result | StopReason:
    spec = snapshots.thaw(row)
    if isinstance(spec, ModelCheckSpec):
        spec = offers.named(row, spec, means.connect, loop)
    if spec.limits.max_seconds is not None:
        commit_thread.limit_seconds(spec.limits.max_seconds - row.active_seconds)
    if isinstance(spec, RunSpec):
        recorder.baseline(baseline_of(spec.program))
    unread = unread_of(row)
    if unread is not None:  # its worker died before the run could rest
        raise Interruption(Why.UNREADABLE, unread.problem())
    opened = RoleClients(
        spec.role_models, spec.namespace, commit_thread, means.connect, spec.limits.max_cost,
        means.attempts if row.resumable else min(means.attempts, SHORT_ATTEMPTS),
        watches_cuts=row.resumable and not row.accepts_cut,
        apart=f"{commit_thread.owner.run} checks " if isinstance(spec, ModelCheckSpec) else "",
        embedding_models=spec.embedding_models,
        own_models=spec.own_models,
        judge_models=spec.judge_models,
    )  # fmt: skip
    try:
        return hold(
            _conversation(spec, means),
            recorder,
            _evaluator(spec, opened, commit_thread),
            commit_thread,
            loop,
            _reserve(spec, means),
        )
    finally:
        loop.run(opened.aclose())
        opened.remember()


def _conversation(spec: Spec, means: Means) -> Conversation[Result | StopReason]:
    if isinstance(spec, EvaluationSpec):
        return evaluate(spec)
    if isinstance(spec, ModelCheckSpec):
        return model_probe.probe() if spec.probes else check_model(spec)
    if isinstance(spec, ImproveSpec):
        return improve(spec)
    return _optimizer(spec, means).converse(spec, means.new_search)


def _optimizer(spec: RunSpec, means: Means) -> Optimizer:
    return means.optimizers.get(spec.optimizer) or optimizer_named(spec.optimizer)


def _reserve(spec: Spec, means: Means) -> Reserve:
    if not isinstance(spec, RunSpec):
        return Reserve()
    examples = _optimizer(spec, means).kept(spec.settings, len(validation_of(spec)))
    return Reserve(examples, calls_per_evaluation(spec) + embeddings_per_evaluation(spec))


def _evaluator(spec: Spec, opened: RoleClients, commit_thread: CommitThread) -> Evaluator:
    if isinstance(spec, ModelCheckSpec | ImproveSpec):
        return Evaluator(None, None, opened, commit_thread)
    fails = isinstance(spec, RunSpec) and spec.settings.cut_off_fails
    kept = spec.kept if isinstance(spec, EvaluationSpec) else ()
    return Evaluator(spec.program, spec.metric, opened, commit_thread, fails, kept)


@contextmanager
def _overbilling_told(commit_thread: CommitThread) -> Iterator[None]:
    """Calls that come home last may be those that cost more than was reserved."""
    try:
        yield
    except Interruption as reason:
        raise _overbilling(commit_thread) or reason from None
    overbilling = _overbilling(commit_thread)
    if overbilling is not None:
        raise overbilling


def _overbilling(commit_thread: CommitThread) -> Interruption | None:
    leaving = commit_thread.leaving
    return leaving if leaving is not None and leaving.why is Why.OVERBILLED else None


@contextmanager
def _ending_recorded(row: Run, recorder: Recorder) -> Iterator[None]:
    """Whatever ends the run early becomes its status, with what to do next."""
    try:
        yield
    except (Superseded, *GONE):
        raise  # nothing can be recorded: whoever takes the run next goes on
    except Interruption as reason:
        status, why = _farewell(reason, row.resumable)
        logger.info("run %s is left: %s", row.pk, reason.why)
        wished = reason.why is Why.PAUSE_WISHED
        recorder.left(status, why, reason.told, said=reason.said, wished=wished)
    except Refused as refusal:
        why = WHY_REFUSED.get(refusal.problems[0].code, "provider refused")
        recorder.left(Run.Status.FAILED, why, refusal.problems[0])
    except CallFailed as error:
        recorder.left(Run.Status.FAILED, "provider refused", str(error), said=error.said)
    except Exception as error:
        words = everyones().clean(str(error))
        told = problem("run.unforeseen", kind=type(error).__name__)
        recorder.left(Run.Status.FAILED, "error", told, said=words)
        raise


def _farewell(reason: Interruption, resumable: bool) -> tuple[Run.Status, str]:
    match reason.why:
        case Why.CANCEL_WISHED:
            return Run.Status.CANCELLED, reason.why
        case Why.WORKER_STOPS:
            return Run.Status.QUEUED, ""
        case Why.PROVIDER_CLOSED:
            return Run.Status.FAILED, reason.why
    rests = Run.Status.PAUSED if resumable else Run.Status.FAILED
    return rests, "" if reason.why is Why.PAUSE_WISHED else reason.why

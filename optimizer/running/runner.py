"""The runner: takes a run, holds its conversation, and leaves it so that it can go on.

The optimizer is a generator; its events are recorded, its requests answered. What was recorded
before is replayed into a fresh generator, so that a run survives the end of any process.
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
from optimizer.core.conversation.events import Result
from optimizer.core.optimizers import OPTIMIZERS, Optimizer, OptimizerRetired, optimizer_named
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.search.search import NewSearch
from optimizer.lm import overruns
from optimizer.lm.ledger import Ledger
from optimizer.lm.retry import ATTEMPTS
from optimizer.lm.scrub import everyones
from optimizer.lm.secrets import WrongEncryptionKey
from optimizer.models import Run
from optimizer.ownership import GONE, Owner, Superseded
from optimizer.running import role_clients, snapshots
from optimizer.running.commit_thread import CommitThread
from optimizer.running.conversation import hold
from optimizer.running.evaluator import Evaluator
from optimizer.running.interruptions import (
    OVERBILLED,
    CancelWished,
    CutOff,
    Interruption,
    MonthlyCap,
    NothingReadable,
    Overbilled,
    PauseWished,
    ProviderDown,
    WorkerStops,
)
from optimizer.running.recorder import Recorder, ReplayDiffers
from optimizer.running.role_clients import (
    Connect,
    NoEmbeddedModel,
    PriceUnknown,
    ProviderGone,
    RoleClients,
)
from optimizer.running.tpe import tpe
from optimizer.running.unread import STOP_REASON, unread_of

logger = logging.getLogger(__name__)

STOPPING = threading.Event()
"""Set when this process is to end: runs reserve nothing more, let calls come home, and leave."""

SUPERSEDED = "run %s has another owner now; this worker leaves it"
CANNOT_CALL = (ProviderGone, NoEmbeddedModel, PriceUnknown, WrongEncryptionKey)


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

    The writer has waited for the database: it is there again.
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
    owner = Owner("run", row.pk, row.epoch, row.namespace)
    with connection.transaction(), connection.cursor() as cursor:
        lost = Ledger(owner).recover(cursor)
        overrun = overruns.of_run(cursor, row.pk)  # its worker may have died before it could tell
    if lost:
        logger.warning("run %s: %s calls of a stopped worker are in doubt", row.pk, lost)
    recorder = Recorder(row)
    with asyncio.Runner() as loop:
        writer = CommitThread(owner, connection, loop.get_loop(), stopping=means.stopping)
        writer.overbilled(overrun)
        try:
            with _ending_recorded(row, recorder):
                with _overbilling_told(writer), writer:
                    result = _converse(row, recorder, writer, loop, means)
                recorder.finished(result)
                logger.info("run %s is finished: %s", row.pk, result.stop)
        finally:
            writer.release()


def _converse(
    row: Run, recorder: Recorder, writer: CommitThread, loop: asyncio.Runner, means: Means
) -> Result:
    spec = snapshots.thaw(row)
    if spec.limits.max_seconds is not None:
        writer.limit_seconds(spec.limits.max_seconds - row.active_seconds)
    recorder.baseline(baseline_of(spec.program))
    unread = unread_of(row)
    if unread is not None:  # its worker died before the run could rest
        raise NothingReadable(unread.sentence())
    opened = RoleClients(
        spec.models, spec.namespace, writer, means.connect, spec.limits.max_cost, means.attempts,
        spec.further_optimizers,
    )  # fmt: skip
    try:
        optimizer = means.optimizers.get(spec.optimizer) or optimizer_named(spec.optimizer)
        conversation = optimizer.converse(spec, means.new_search)
        answering = Evaluator(spec, opened, writer)
        return hold(conversation, recorder, answering, writer, loop)
    finally:
        loop.run(opened.aclose())
        opened.remember()


@contextmanager
def _overbilling_told(writer: CommitThread) -> Iterator[None]:
    """Calls that come home last may be those that cost more than was reserved."""
    try:
        yield
    except Interruption:
        if isinstance(writer.leaving, Overbilled):
            raise writer.leaving from None
        raise
    if isinstance(writer.leaving, Overbilled):
        raise writer.leaving


@contextmanager
def _ending_recorded(row: Run, recorder: Recorder) -> Iterator[None]:
    """Whatever ends the run early becomes its status, with what to do next."""
    try:
        yield
    except (Superseded, *GONE):
        raise  # nothing can be recorded: whoever takes the run next goes on
    except Interruption as reason:
        status, why = _farewell(reason)
        logger.info("run %s is left: %s %s", row.pk, type(reason).__name__, reason)
        wished = isinstance(reason, PauseWished)
        recorder.left(status, why, str(reason), said=reason.said, wished=wished)
    except ReplayDiffers as error:
        recorder.left(Run.Status.FAILED, "replay differs", str(error))
    except OptimizerRetired as error:
        recorder.left(Run.Status.FAILED, "optimizer retired", str(error))
    except CANNOT_CALL as error:
        recorder.left(Run.Status.FAILED, "provider refused", str(error))
    except Exception as error:
        words = everyones().clean(str(error))
        told = f"Something unforeseen happened ({type(error).__name__})."
        recorder.left(Run.Status.FAILED, "error", told, said=words)
        raise


def _farewell(reason: Interruption) -> tuple[Run.Status, str]:
    if isinstance(reason, CancelWished):
        return Run.Status.CANCELLED, "cancelled"
    if isinstance(reason, WorkerStops):
        return Run.Status.QUEUED, ""
    if isinstance(reason, ProviderDown):
        return Run.Status.PAUSED, "provider down"
    if isinstance(reason, CutOff):
        return Run.Status.PAUSED, "cut off"
    if isinstance(reason, Overbilled):
        return Run.Status.PAUSED, OVERBILLED
    if isinstance(reason, MonthlyCap):
        return Run.Status.PAUSED, "monthly cap"
    if isinstance(reason, NothingReadable):
        return Run.Status.PAUSED, STOP_REASON
    if isinstance(reason, PauseWished):
        return Run.Status.PAUSED, ""
    return Run.Status.FAILED, "provider refused"

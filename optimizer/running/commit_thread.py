"""A run's one writer: a thread with its own connection that commits what happens in small groups.

Calls settle and examples finish by the hundred a second, and a commit takes milliseconds: whatever
gathers while one group is being written becomes the next.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg

from optimizer import ownership
from optimizer.core.conversation.requests import BudgetSpent, Cap
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.lm import Reply, Role
from optimizer.lm import ledger
from optimizer.lm.accounts import NOTHING, Answer, KeptBack
from optimizer.lm.entries import Closing
from optimizer.lm.failures import CallFailed, NotSent, SentTooOften, Unstorable
from optimizer.lm.ledger import Ledger
from optimizer.lm.months import Reached, Unpriced
from optimizer.lm.overruns import Overrun
from optimizer.lm.paid import Wanted
from optimizer.lm.scrub import everyones
from optimizer.ownership import Owner
from optimizer.running import outcomes
from optimizer.running.groups import Asked, Entry, Future, Group, instead_of
from optimizer.running.heartbeat import Heartbeat
from optimizer.running.interruptions import Interruption, Why
from optimizer.running.outcomes import Scored

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.008
"""How long a group gathers while many calls are out."""
FEW = 4
LARGEST_GROUP = 512
PATIENCE_SECONDS = 10.0
"""How long a lost database is waited for by a process that is to end."""
RETRY_SECONDS = 0.3
AWAY = (
    psycopg.OperationalError,
    # Hosts of databases set them read-only when their disk is full.
    psycopg.errors.ReadOnlySqlTransaction,
    # This process stood still within a transaction: its session was ended.
    psycopg.errors.IdleInTransactionSessionTimeout,
)

AN_ENTRYS = (psycopg.DataError, psycopg.IntegrityError, ValueError, TypeError, ArithmeticError)
"""Errors that one entry may be the reason for: something in it cannot be stored."""

TOO_OFTEN = "No reply came, however often this call was sent; it may have been paid each time."
RESUME = problem("again.resume")
ASK_ANEW = problem("again.ask")

CAPS = {Answer.NO_CALLS: Cap.CALLS, Answer.NO_MONEY: Cap.COST, Answer.NO_TIME: Cap.TIME}

Told = Reply | BaseException | None


class CommitThread:
    """The books of one owner. Asynchronous methods belong to `loop`, the others to any thread.

    It works within `with`, and keeps the owner's lease there; its connection stays until `release`.
    `stopping` is set when this process is to end; `again` is what people do to go on after a
    trouble, as "resume the run". `unstorable` are outcomes by exchange and
    position that stand in the place of others, which could not be stored.
    """

    def __init__(
        self,
        owner: Owner,
        connection: psycopg.Connection[Any],
        loop: asyncio.AbstractEventLoop,
        stopping: threading.Event | None = None,
        again: Problem = RESUME,
    ) -> None:
        self.owner = owner
        self.again = again
        self.pulse = Heartbeat(owner)
        self.leaving: Interruption | None = None
        self.unstorable: dict[tuple[int, int], Outcome] = {}
        self._ledger = Ledger(owner)
        self._connection = connection
        self._loop = loop
        self._left = asyncio.Event()
        self._deadline: float | None = None
        self._kept = NOTHING
        self._largest_hold = 0
        self._stopping = stopping or threading.Event()
        self._queue: queue.SimpleQueue[Entry] = queue.SimpleQueue()
        self._out: dict[str, list[Asked]] = {}
        self._parked: list[Asked] = []
        self._ended = threading.Event()
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name=f"writer {owner.name}", daemon=True)

    def __enter__(self) -> CommitThread:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Commit what is waiting and end the thread."""
        self._ended.set()
        self._queue.put(threading.Event())  # wakes the thread
        self._thread.join()

    def release(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def limit_seconds(self, left: float) -> None:
        """Pay for nothing more when so many seconds are over."""
        self._deadline = time.monotonic() + left

    def keep_back(self, kept: KeptBack) -> None:
        """Grant the calls of the next requests no more than what is left beside this; where money
        is kept, room for the last call's upper bound is, too.
        """
        self._kept = kept

    async def reserve(self, wanted: Wanted) -> Reply | None:
        if self.leaving is not None:
            raise self.leaving
        self._must_work()
        if wanted.call.role is Role.TASK:
            self._largest_hold = max(self._largest_hold, wanted.hold)
        future: Future = self._loop.create_future()
        self._queue.put(Asked(wanted, future))
        self._must_work()  # once more: the thread may have ended in between, and taken nothing
        return await future

    def settle(self, key: str, reply: Reply) -> None:
        self._queue.put(Closing(key, reply))

    def fail(self, key: str, failure: CallFailed) -> None:
        self._queue.put(Closing(key, failure))

    def score(self, exchange: int, position: int, outcome: Outcome) -> None:
        """Keep an outcome; it is committed after the calls that it is made of."""
        self.pulse.progress.done += 1
        self._queue.put(Scored(exchange, position, outcome))

    async def rest(self, seconds: float) -> None:
        """Wait.

        Raises:
            Interruption: the run is being left meanwhile.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._left.wait()
        except TimeoutError:
            return
        raise self.leaving or Interruption(Why.WORKER_STOPS)

    def leave(self, reason: Interruption) -> None:
        """Reserve nothing more; the first reason stays."""
        if self.leaving is None:
            self.leaving = reason
            self._loop.call_soon_threadsafe(self._left.set)

    def heed(self, wish: str | None) -> None:
        """Leave when that is wished."""
        if wish == "pause":
            self.leave(Interruption(Why.PAUSE_WISHED))
        elif wish == "cancel":
            self.leave(Interruption(Why.CANCEL_WISHED))

    def overbilled(self, overrun: Overrun | None) -> None:
        """Leave when a provider took more than was reserved. Whoever resumes accepts it, so that it
        is told whatever else there was to tell; a worker that stops leaves that to the next.
        """
        if overrun is None:
            return
        if self.leaving and self.leaving.why in (Why.CANCEL_WISHED, Why.WORKER_STOPS):
            return
        reason = Interruption(Why.OVERBILLED, overrun.problem(self.again))
        if self.leaving is None:
            self.leave(reason)
        self.leaving = reason

    def may_send(self) -> bool:
        """Whether a call that was granted may still go out: a process that was frozen wakes with
        calls that are another owner's by now.
        """
        return self.leaving is None and self._broken is None and self.pulse.lasts()

    def out_of_time(self) -> bool:
        now = time.monotonic() + self._kept.seconds
        return self._deadline is not None and now >= self._deadline

    def flush(self) -> None:
        """Wait until everything so far is committed; blocks the thread."""
        done = threading.Event()
        self._queue.put(done)
        while not done.wait(0.2):
            self._must_work()
        self._must_work()

    def _must_work(self) -> None:
        if self._broken is not None:
            raise self._broken

    # --- the thread ------------------------------------------------------------------------------

    def _work(self) -> None:
        group = Group()
        try:
            while not (self._ended.is_set() and self._queue.empty()):
                self._heed_stopping()
                group = self._gather()
                self._commit_all(group)
            self._commit_all(self._unsent(), last=True)
        except BaseException as error:  # noqa: BLE001 - raised again in whoever waits or asks next
            self._broken = error
            waiting = [*self._parked, *(a for asked in self._out.values() for a in asked)]
            waiting += [*group.asked, *self._drained().asked]
            self._tell([(asked, error) for asked in waiting])

    def _gather(self) -> Group:
        group = Group()
        try:
            group.add(self._queue.get(timeout=0.02 if self._ended.is_set() else 0.2))
        except queue.Empty:
            return group
        if len(self._out) > FEW:
            time.sleep(GATHER_SECONDS)
        return self._drained(group)

    def _drained(self, group: Group | None = None) -> Group:
        group = group or Group()
        try:
            while group.size < LARGEST_GROUP:
                group.add(self._queue.get_nowait())
        except queue.Empty:
            return group
        return group

    def _commit_all(self, group: Group, last: bool = False) -> None:
        """Commit; what cannot be stored takes nothing with it."""
        try:
            self._commit_patiently(group, last)
        except AN_ENTRYS as error:
            self._commit_apart(group, error)
        for event in group.flushed:
            event.set()

    def _commit_apart(self, group: Group, error: Exception) -> None:
        """Find the entry that cannot be stored: commit half by half, and say of what is left alone
        that it failed.
        """
        group.asked += self._parked  # one of these may be it
        self._parked = []
        if not group.size:
            raise error
        if group.size > 1:
            for half in group.halves():
                self._commit_all(half)
            return
        said = str(error).partition("\n")[0]  # what follows quotes what was to be stored
        words = everyones().clean(f"{type(error).__name__}: {said}")
        logger.error("%s: an entry cannot be stored: %s", self.owner.name, words)
        failure = Unstorable(said=words)
        instead = instead_of(group, failure)
        self._commit_patiently(instead)  # if not even this can be stored, it is not the entry
        for scored in instead.scored:
            self.unstorable[scored.exchange, scored.position] = scored.outcome
        self._tell([(asked, failure) for asked in group.asked])

    def _commit_patiently(self, group: Group, last: bool = False) -> None:
        """Commit, through deadlocks and however long the database is away or its disk is full:
        what waits here was paid for. Only a process that is to end gives up.
        """
        patience, told = PATIENCE_SECONDS, ""
        while True:
            try:
                if self._connection.closed:
                    self._connection = ownership.connect()
                self._commit(group, last)
            except AWAY as error:
                if patience <= 0:
                    raise
                if told != (told := type(error).__name__):
                    logger.warning("%s waits for the database: %s", self.owner.name, told)
                self._beat_alone()
                time.sleep(RETRY_SECONDS)
                patience -= RETRY_SECONDS if self._stopping.is_set() else 0
            else:
                break
        if told:
            logger.info("%s goes on: the database is back", self.owner.name)

    def _beat_alone(self) -> None:
        """Keep the lease while a group cannot be committed: a disk that is full takes small changes
        where it takes no new rows, so that others could take the run.
        """
        begun = ownership.clock()
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                wish = self.pulse.beat(cursor)
        except AWAY:
            return  # it is away as a whole
        self.heed(wish)
        self.pulse.entered(begun, changed=False)

    def _commit(self, group: Group, last: bool) -> None:
        """One transaction: calls closed and reserved, outcomes, pulse. Nothing else changes before
        it is committed, so that it can be tried again.
        """
        closed = {closing.key for closing in group.closings}
        beating, begun = last or self.pulse.due(), ownership.clock()
        asked = self._asked(group, closed, beating)
        asking = [a.wanted for a in asked if a.key not in self._out or a.key in closed]
        if not (asked or group.size or beating):
            return
        paying, kept = not self.out_of_time(), self._kept
        if kept.cost:
            kept = replace(kept, cost=kept.cost + self._largest_hold)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            entered = self._ledger.apply(cursor, group.closings, asking, paying, kept)
            outcomes.insert(cursor, group.scored)
            wish = self.pulse.beat(cursor) if beating else None
        self.heed(wish)
        self.overbilled(entered.overrun)
        self.pulse.entered(begun if beating else None, changed=group.size > 0)
        self._forget(closed, asked)
        self._answer(asked, entered.told)

    def _forget(self, closed: set[str], asked: list[Asked]) -> None:
        for key in closed:
            self._out.pop(key, None)
        now = set(map(id, asked))
        self._parked = [a for a in self._parked if id(a) not in now and not a.future.done()]

    def _asked(self, group: Group, closed: set[str], beating: bool) -> list[Asked]:
        """Who asks now: newcomers, those who wait for a call that is closed, and those who were put
        off, when something may have changed for them.
        """
        asked = [*group.asked, *(waiter for key in closed for waiter in self._out.get(key, ()))]
        if closed or beating or self.leaving:
            asked += self._parked
        return [entry for entry in asked if not entry.future.done()]

    def _unsent(self) -> Group:
        """At the end every call that was sent is closed: what is left was granted to nobody."""
        left = NotSent("The run was left before this call was sent.")
        return Group(closings=[Closing(key, left) for key in self._out])

    def _answer(self, asked: list[Asked], told: Mapping[str, ledger.Told]) -> None:
        answers: list[tuple[Asked, Told]] = []
        for entry in asked:
            if entry.key in self._out:
                self._out[entry.key].append(entry)  # the same call is out already: one is enough
                continue
            answer = told[entry.key]
            if isinstance(answer, Reply):
                answers.append((entry, answer))
            elif answer is Answer.GRANTED:
                self._out[entry.key] = []
                answers.append((entry, None))
            elif isinstance(answer, Answer) and answer in CAPS:
                answers.append((entry, BudgetSpent(CAPS[answer])))
            elif isinstance(answer, Reached | Unpriced):
                reason = Interruption(Why.MONTHLY_CAP, answer.problem(self.again))
                self.leave(reason)
                answers.append((entry, reason))
            elif answer is Answer.SENT_TOO_OFTEN:
                answers.append((entry, SentTooOften(TOO_OFTEN)))
            elif answer is Answer.CUT_OFF:
                reason = Interruption(Why.CUT_OFF, problem("stop.cut_off"))
                self.leave(reason)
                answers.append((entry, reason))
            elif self.leaving is not None:
                answers.append((entry, self.leaving))
            else:
                self._parked.append(entry)
        self._tell(answers)

    def _tell(self, answers: list[tuple[Asked, Told]]) -> None:
        if answers:
            self._loop.call_soon_threadsafe(self._deliver, answers)

    def _deliver(self, answers: list[tuple[Asked, Told]]) -> None:
        for entry, answer in answers:
            if entry.future.done():
                if answer is None:  # granted to somebody who was cancelled: it was never sent
                    self.fail(entry.key, NotSent("The call was given up before it was sent."))
            elif isinstance(answer, BaseException):
                entry.future.set_exception(answer)
            else:
                entry.future.set_result(answer)

    def _heed_stopping(self) -> None:
        if self._stopping.is_set():
            self.leave(Interruption(Why.WORKER_STOPS))

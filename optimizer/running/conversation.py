"""Holding a conversation: events are recorded, requests are answered, from the record or anew."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TypeVar, cast

from optimizer.core.conversation.events import Event, Phase
from optimizer.core.conversation.requests import (
    Answer,
    Ask,
    BudgetSpent,
    Cap,
    Consult,
    Conversation,
    Evaluate,
    Request,
)
from optimizer.running.commit_thread import CommitThread
from optimizer.running.evaluator import Evaluator, Open
from optimizer.running.heartbeat import Progress
from optimizer.running.interruptions import Interruption, Why
from optimizer.running.recorder import Recorder
from optimizer.running.reserve import Reserve
from optimizer.running.unread import STOP_REASON, Unread, unread_in

T = TypeVar("T")
Turn = Request | tuple[Request, ...] | Event


def hold(
    conversation: Conversation[T],
    recorder: Recorder,
    answering: Evaluator,
    commit_thread: CommitThread,
    loop: asyncio.Runner,
    reserve: Reserve,
) -> T:
    """Carry the conversation to its end. `reserve` is what is kept back from it until then.

    Raises:
        Interruption: the run is left before.
        Refused: the conversation takes another course than the recorded one.
    """
    host = _Host(recorder, answering, commit_thread, loop, reserve)
    try:
        turn = next(conversation)
        while True:
            if isinstance(turn, Evaluate | Ask | tuple):
                try:
                    answer = host.answer(turn)
                except BudgetSpent as spent:
                    turn = conversation.throw(spent)
                    continue
                turn = conversation.send(answer)
            else:
                recorder.event(turn)
                turn = conversation.send(None)
    except StopIteration as end:
        return cast(T, end.value)


class _Host:
    def __init__(
        self,
        recorder: Recorder,
        answering: Evaluator,
        commit_thread: CommitThread,
        loop: asyncio.Runner,
        reserve: Reserve,
    ) -> None:
        self._reserve = reserve
        self._recorder = recorder
        self._answering = answering
        self._commit_thread = commit_thread
        self._loop = loop

    def answer(self, turn: Request | tuple[Request, ...]) -> Answer:
        """The answer to one request, or to several at once.

        Raises:
            BudgetSpent: nothing more is paid for, now or when this was asked the first time.
        """
        requests = turn if isinstance(turn, tuple) else (turn,)
        opened = [self._recorder.open(request) for request in requests]
        refusal = self._recorder.refusal(opened)
        if refusal:
            raise BudgetSpent(Cap(refusal))
        if self._recorder.is_answered(opened):
            self._recorder.pass_over(opened)
        else:
            self._ask_the_world(opened)
        for entry in opened:
            self._reserve.learn(entry)
        answers = tuple(entry.answer() for entry in opened)
        return answers if isinstance(turn, tuple) else answers[0]

    def _ask_the_world(self, opened: Sequence[Open]) -> None:
        self._commit_thread.heed(self._recorder.wish())
        if self._commit_thread.leaving is not None:
            raise self._commit_thread.leaving
        self._commit_thread.pulse.progress = _progress(opened, self._recorder.phase_base)
        self._commit_thread.keep_back(self._reserve.kept_from(opened))
        begun, known = time.monotonic(), sum(len(entry.known) for entry in opened)
        try:
            for entry in opened:
                if isinstance(entry.request, Consult):
                    entry.replies = self._recorder.wishes_of_history()
            asked = [entry for entry in opened if not isinstance(entry.request, Consult)]
            if asked:
                self._loop.run(self._answering.answer(asked))
        except BudgetSpent as spent:
            self._commit_thread.flush()
            self._recorder.refused(opened, spent.cap)
            raise
        self._reserve.time(opened, known, time.monotonic() - begun)
        self._commit_thread.flush()
        for entry in opened:
            entry.take(self._commit_thread.unstorable)
        unread = self._unread(opened)
        # With the answer, so that it is told once, and also when the worker dies right after.
        self._recorder.answered(opened, STOP_REASON if unread else "")
        if unread is not None:
            raise Interruption(Why.UNREADABLE, unread.problem())

    def _unread(self, opened: Sequence[Open]) -> Unread | None:
        """What somebody is to look at before the run goes on: a baseline that says nothing."""
        if self._recorder.phase is not Phase.BASELINE:
            return None
        known = (e.known | e.errors() for e in opened if isinstance(e.request, Evaluate))
        return unread_in([outcomes[n] for outcomes in known for n in sorted(outcomes)])


def _progress(opened: Sequence[Open], base: int | None) -> Progress:
    asked = [o for o in opened if isinstance(o.request, Evaluate)]
    size = sum(len(o.request.examples) for o in asked if isinstance(o.request, Evaluate))
    return Progress(size, sum(len(o.known) for o in asked), base)

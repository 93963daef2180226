"""A circuit breaker: tells a provider that hangs from calls that are slow or lost one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from optimizer.core.programs.lm import Reply
from optimizer.lm.call import Client, LMCall
from optimizer.lm.failures import CallFailed, NotSent, Overloaded, Reshaped, TimedOut

SILENCE_SECONDS = 90.0
"""So long nothing but failures, and the provider is down."""
FIRST_FAILURES = 2
"""Attempts that have to fail in it before the provider's first reply."""
LATER_CALLS = 3
"""Different calls that have to fail in it afterwards: two may be too hard for the model."""
SECOND_SECONDS = 30.0
"""What an attempt gets that begins in such a silence; SLOWER times the slowest reply, if more."""
SLOWER = 1.5


@dataclass
class Breaker:
    """What was heard of one provider in one run, by all roles together; of one event loop.

    A reply and every answer that is meant (a refusal, “too many”) is a sign of life. `at_once` is
    how many calls the provider takes.
    """

    at_once: int
    silence: float = SILENCE_SECONDS
    second: float = SECOND_SECONDS
    clock: Callable[[], float] = time.monotonic
    _heard: float = 0.0
    _slowest: float | None = None
    _since: float | None = None
    _attempts: int = 0
    _calls: set[LMCall] = field(default_factory=set)

    @property
    def silent(self) -> bool:
        """Whether nothing but failures came for long."""
        return self._since is not None and self.clock() - self._since >= self.silence

    @property
    def open(self) -> bool:
        """Whether the provider is down."""
        if self._slowest is None:
            return self.silent and self._attempts >= FIRST_FAILURES
        return self.silent and len(self._calls) >= min(LATER_CALLS, self.at_once + 1)

    @property
    def deadline(self) -> float | None:
        """Seconds that an attempt gets that begins now; None: as many as its endpoint gives."""
        return max(self.second, SLOWER * (self._slowest or 0.0)) if self.silent else None

    def replied(self, seconds: float) -> None:
        """A reply came, in so many seconds."""
        self._slowest = max(self._slowest or 0.0, seconds)
        self.heard()

    def heard(self) -> None:
        """A sign of life."""
        self._heard, self._since, self._attempts = self.clock(), None, 0
        self._calls.clear()

    def failed(self, call: LMCall, began: float) -> None:
        """An attempt that began then came to nothing."""
        silent = max(began, self._heard)
        self._since = silent if self._since is None else min(self._since, silent)
        self._attempts += 1
        self._calls.add(call)


class Watched:
    """A client whose provider is watched; `down` is told of the failure that shows it to be so."""

    def __init__(self, inner: Client, breaker: Breaker, down: Callable[[CallFailed], None]) -> None:
        self._inner = inner
        self._breaker = breaker
        self._down = down

    async def complete(self, call: LMCall) -> Reply:
        began = self._breaker.clock()
        try:
            reply = await self._within(self._breaker.deadline, call)
        except CallFailed as failure:
            self._note(call, began, failure)
            raise
        self._breaker.replied(reply.seconds)
        return reply

    def forget(self) -> None:
        """Take what failed so far for no sign of an outage."""
        self._breaker.heard()

    async def _within(self, seconds: float | None, call: LMCall) -> Reply:
        try:
            async with asyncio.timeout(seconds):
                return await self._inner.complete(call)
        except TimeoutError as error:
            told = f"{call.model} gave no whole reply within {seconds:g} s, and none before."
            raise TimedOut(told) from error

    def _note(self, call: LMCall, began: float, failure: CallFailed) -> None:
        if isinstance(failure, NotSent):
            return
        if not failure.passing or isinstance(failure, Overloaded | Reshaped):
            self._breaker.heard()
            return
        self._breaker.failed(call, began)
        if self._breaker.open:
            self._down(failure)

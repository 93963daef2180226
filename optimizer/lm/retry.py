"""Patience: a failure that may pass is tried again, a bounded number of times."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable

from optimizer.core.programs.lm import Reply
from optimizer.lm.call import Client, LMCall
from optimizer.lm.failures import CallFailed, Charge, Overloaded, Reshaped, TimedOut
from optimizer.lm.paid import RESENDS

ATTEMPTS = 6
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
AFTER_TIME_OUT = 1
"""How often a call that took its whole deadline is sent again: it may have been paid, and once more
as long is what a person waits for.
"""


OVERLOADS = 3
"""How many times as often as others a call is tried to which “too many” is answered: that passes,
and says nothing of the call.
"""
LONGEST_OWN_WAIT = 15.0
"""Seconds between attempts for which nothing was asked."""
SHAPES = 10
"""Forms in which one call is sent at most, until its model takes it."""


def pause_after(failures: Iterable[CallFailed]) -> float:
    """Seconds until what failed in spite of all attempts is asked once more: as many as lie between
    the last two attempts, or what the provider asked for.
    """
    asked = max((failure.retry_after or 0.0 for failure in failures), default=0.0)
    own: float = FIRST_WAIT * 2 ** (ATTEMPTS - 2)
    return min(max(own, asked), LONGEST_WAIT)


class Patient:
    """Tries again after 0.5, 1, 2, 4, 8 s (each ± half), or after what the provider asks for. A
    call that is sent in another form is no further attempt.

    `rest` waits; it raises when the run is being left, which ends the waiting.
    """

    def __init__(
        self, inner: Client, rest: Callable[[float], Awaitable[None]], attempts: int = ATTEMPTS
    ) -> None:
        self._inner = inner
        self._rest = rest
        self._attempts = attempts
        self._random = random.Random()

    async def complete(self, call: LMCall) -> Reply:
        attempt, shapes = 1, 0
        while True:
            try:
                return await self._inner.complete(call)
            except Reshaped:
                shapes += 1
                if shapes > SHAPES:
                    raise
                await self._rest(0.0)
            except CallFailed as failure:
                if not failure.passing or attempt > _resends(failure, self._attempts):
                    raise
                await self._rest(self._wait(attempt, failure))
                attempt += 1

    def _wait(self, attempt: int, failure: CallFailed) -> float:
        own: float = FIRST_WAIT * 2 ** (attempt - 1) * self._random.uniform(0.5, 1.5)
        return min(max(min(own, LONGEST_OWN_WAIT), failure.retry_after or 0.0), LONGEST_WAIT)


def _resends(failure: CallFailed, attempts: int) -> int:
    if isinstance(failure, TimedOut):
        return min(AFTER_TIME_OUT, attempts - 1)
    if isinstance(failure, Overloaded):
        return OVERLOADS * attempts - 1
    return min(RESENDS, attempts - 1) if failure.charge is Charge.DOUBT else attempts - 1

"""Patience: a failure that may pass is tried again, a bounded number of times."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from optimizer.core.programs.lm import Reply
from optimizer.lm.call import Client, LMCall
from optimizer.lm.failures import CallFailed, Charge, SchemaRefused, TimedOut
from optimizer.lm.paid import RESENDS

ATTEMPTS = 6
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
AFTER_TIME_OUT = 1
"""How often a call that took its whole deadline is sent again: it may have been paid, and once more
as long is what a person waits for.
"""


class Patient:
    """Tries again after 0.5, 1, 2, 4, 8 s (each ± half), or after what the provider asks for.

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
        for attempt in range(1, self._attempts):
            try:
                return await self._inner.complete(call)
            except CallFailed as failure:
                if not failure.passing or attempt > _resends(failure, self._attempts):
                    raise
                await self._rest(self._wait(attempt, failure))
        return await self._inner.complete(call)

    def _wait(self, attempt: int, failure: CallFailed) -> float:
        if isinstance(failure, SchemaRefused):
            return 0.0
        grown: float = FIRST_WAIT * 2 ** (attempt - 1) * self._random.uniform(0.5, 1.5)
        return min(max(grown, failure.retry_after or 0.0), LONGEST_WAIT)


def _resends(failure: CallFailed, attempts: int) -> int:
    if isinstance(failure, TimedOut):
        return AFTER_TIME_OUT
    return RESENDS if failure.charge is Charge.DOUBT else attempts

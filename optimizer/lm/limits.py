"""How many calls a provider gets at once: fewer when it says “too many”, then more again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from optimizer.core.programs.lm import Reply
from optimizer.lm.call import Client, LMCall
from optimizer.lm.failures import NotSent, Overloaded

_Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class Gate:
    """Lets at most `limit` calls through; shared by all runs of this process, each with its loop.

    Additive increase, multiplicative decrease: a 429 halves the limit (once a second at most), each
    success brings back a part of one place.
    """

    def __init__(self, most: int) -> None:
        self._most = max(most, 1)
        self._limit = float(self._most)
        self._inside = 0
        self._waiting: deque[_Waiter] = deque()
        self._lock = threading.Lock()
        self._halved_at = 0.0

    @property
    def limit(self) -> int:
        return int(self._limit)

    @property
    def most(self) -> int:
        return self._most

    def resize(self, most: int) -> None:
        """Take the provider's setting as it is now."""
        with self._lock:
            if most != self._most:
                self._most = max(most, 1)
                self._limit = float(self._most)
                self._admit()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    def well(self) -> None:
        with self._lock:
            if self._limit < self._most:
                self._limit = min(self._most, self._limit + 1 / self._limit)
                self._admit()

    def overloaded(self) -> None:
        with self._lock:
            now = time.monotonic()
            if now - self._halved_at >= 1.0:
                self._halved_at = now
                self._limit = max(1.0, self._limit / 2)

    async def _enter(self) -> None:
        loop = asyncio.get_running_loop()
        with self._lock:
            if self._inside < int(self._limit) and not self._waiting:
                self._inside += 1
                return
            turn = loop.create_future()
            self._waiting.append((loop, turn))
        try:
            await turn
        except asyncio.CancelledError:
            self._give_up(loop, turn)
            raise

    def _give_up(self, loop: asyncio.AbstractEventLoop, turn: asyncio.Future[None]) -> None:
        with self._lock:
            if (loop, turn) in self._waiting:
                self._waiting.remove((loop, turn))
                return
        self._leave()  # the place was given while the waiter was being cancelled

    def _leave(self) -> None:
        with self._lock:
            self._inside -= 1
            self._admit()

    def _admit(self) -> None:
        while self._waiting and self._inside < int(self._limit):
            loop, turn = self._waiting.popleft()
            try:
                loop.call_soon_threadsafe(_admitted, turn)
            except RuntimeError:  # that run's loop is closed: its place goes to the next
                continue
            self._inside += 1


def _admitted(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


_gates: dict[int, Gate] = {}
_gates_lock = threading.Lock()


def gate_of(provider: int, concurrency: int) -> Gate:
    """The one gate of a provider in this process."""
    with _gates_lock:
        gate = _gates.setdefault(provider, Gate(concurrency))
    gate.resize(concurrency)
    return gate


class Limited:
    """Waits for a place before it calls. A call that is no longer `wanted` by then is not sent."""

    def __init__(
        self, inner: Client, gate: Gate, wanted: Callable[[], bool] = lambda: True
    ) -> None:
        self._inner = inner
        self._gate = gate
        self._wanted = wanted

    async def complete(self, call: LMCall) -> Reply:
        async with self._gate.place():
            if not self._wanted():
                raise NotSent("The run was left before this call was sent.")
            try:
                reply = await self._inner.complete(call)
            except Overloaded:
                self._gate.overloaded()
                raise
            self._gate.well()
            return reply

"""The one pair of ears of a web process: hears the doorbell, wakes who waits for it.

One connection listens as long as any page is open. A ring carries no news, only a name; whoever is
told reads the tables. When the connection was lost, everybody is told once it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from django.db import connections

from optimizer import doorbell

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
HEARD_WITHIN = 2.0
"""Seconds for the first connection."""


class Hub:
    """Listens while somebody wants to hear. It belongs to one event loop."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    @asynccontextmanager
    async def hearing(self, topic: str, ref: int, event: asyncio.Event) -> AsyncIterator[None]:
        """Have an event set whenever `topic` `ref` rings.

        Begins when rings are heard, so that what is read afterwards misses none; while the database
        is away, after a while: everybody is told once it is back. The last one to go closes the
        connection.
        """
        name = f"{topic}:{ref}"
        self._listeners.setdefault(name, set()).add(event)
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.connected.wait(), HEARD_WITHIN)
            yield
        finally:
            await self._leave(name, event)

    async def _leave(self, name: str, event: asyncio.Event) -> None:
        self._listeners[name].discard(event)
        if not self._listeners[name]:
            del self._listeners[name]
        if not self._listeners and self._listening is not None:
            listening, self._listening = self._listening, None
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening

    async def _listen(self) -> None:
        wait, was_lost = FIRST_WAIT, False
        while True:
            try:
                async with await _connect() as connection:
                    await connection.execute(f"LISTEN {doorbell.CHANNEL}")
                    self.connected.set()
                    wait = FIRST_WAIT
                    if was_lost:
                        self._ring_everyone()
                    async for ring in connection.notifies():
                        self._ring(ring.payload)
            except psycopg.OperationalError as error:
                log.warning("The doorbell cannot be heard, trying again in %.1f s: %s", wait, error)
            finally:
                self.connected.clear()
            was_lost = True
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _ring(self, name: str) -> None:
        for event in self._listeners.get(name, ()):
            event.set()

    def _ring_everyone(self) -> None:
        for name in self._listeners:
            self._ring(name)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop; a web process has one loop."""
    loop = asyncio.get_running_loop()
    for old in [known for known in _hubs if known.is_closed()]:
        del _hubs[old]
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


async def _connect() -> psycopg.AsyncConnection[Any]:
    """A connection of its own: listening cannot share one with a pool."""
    settings = connections["default"].settings_dict
    return await psycopg.AsyncConnection.connect(
        autocommit=True,
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        host=settings["HOST"],
        port=settings["PORT"],
        connect_timeout=5,
        application_name="promptlab doorbell",
    )

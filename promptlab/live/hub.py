"""The one pair of ears of a web process: hears the doorbell, tells the consumers of that process.

One connection listens as long as any page is open. A ring carries no news, only a name; whoever is
told reads the tables. When the connection was lost, everybody is told once it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from typing import Any

import psycopg
from channels.layers import get_channel_layer
from django.db import connections

from optimizer import doorbell

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
HEARD_WITHIN = 2.0
"""Seconds for the first connection."""


def group_of(topic: str, ref: int) -> str:
    return f"{topic}.{ref}"


class Hub:
    """Listens while at least one consumer has joined. It belongs to one event loop."""

    def __init__(self) -> None:
        self._members: Counter[str] = Counter()
        self._listening: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    async def join(self, topic: str, ref: int, channel: str) -> None:
        """Have the rings of `topic` `ref` sent to a channel as `doorbell.rang` messages.

        Returns when they are heard, so that what is read afterwards misses none; while the database
        is away, after a while: everybody is told once it is back.
        """
        group = group_of(topic, ref)
        await _layer().group_add(group, channel)
        self._members[group] += 1
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.connected.wait(), HEARD_WITHIN)

    async def leave(self, topic: str, ref: int, channel: str) -> None:
        """Stop that; the last one to leave closes the connection."""
        group = group_of(topic, ref)
        await _layer().group_discard(group, channel)
        self._members[group] -= 1
        self._members += Counter()  # drops what is at zero
        if not self._members and self._listening is not None:
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
                        await self._ring_everyone()
                    async for ring in connection.notifies():
                        await self._forward(ring.payload)
            except psycopg.OperationalError as error:
                log.warning("The doorbell cannot be heard, trying again in %.1f s: %s", wait, error)
            finally:
                self.connected.clear()
            was_lost = True
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _forward(self, payload: str) -> None:
        group = payload.replace(":", ".", 1)
        if group in self._members:
            await _layer().group_send(group, {"type": "doorbell.rang"})

    async def _ring_everyone(self) -> None:
        for group in list(self._members):
            await _layer().group_send(group, {"type": "doorbell.rang"})


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop; a web process has one loop."""
    loop = asyncio.get_running_loop()
    for old in [known for known in _hubs if known.is_closed()]:
        del _hubs[old]
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


def _layer() -> Any:
    return get_channel_layer()


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

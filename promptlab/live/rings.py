"""The rings of a topic, one after the other, for who is neither a page nor a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from promptlab.live.hub import hub
from promptlab.live.page import Ring


async def rings(ring: Ring, seconds: float) -> AsyncGenerator[bool, None]:
    """Whether it rang, now and whenever it does; False where it did not for so many seconds. What
    rings while something is read is heard after. To be closed by whoever asks (`aclosing`).
    """
    rang = asyncio.Event()
    async with hub().hearing(*ring, rang):
        yield True
        while True:
            try:
                await asyncio.wait_for(rang.wait(), seconds)
            except TimeoutError:
                yield False
            else:
                rang.clear()
                yield True

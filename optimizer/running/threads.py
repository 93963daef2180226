"""Work that waits for the database, in threads beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django import db

P = ParamSpec("P")
T = TypeVar("T")


async def in_a_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Its result, from a thread of a pool, which keeps no connection."""

    def done() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            db.connection.close()

    return await asyncio.to_thread(done)

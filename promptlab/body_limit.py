"""A request's body on its way in: bounded, and answered in a sentence where it cannot be kept."""

from __future__ import annotations

import asyncio
from typing import Any

from promptlab.outage import REFUSED, BodyTooLarge, answer_to

Application = Any
Message = dict[str, Any]
LIMIT = 60 * 2**20
"""Bytes. Files may have 50 MB; the form around them needs little."""
PATIENCE = 2 * LIMIT
"""Bytes of a refused body that are read and dropped: a browser reads no answer before it has sent
everything."""

MESSAGE = (
    "The request is larger than 60 MB. Files may have 50 MB: split yours, or send fewer columns."
)


class BodyLimit:
    """ASGI middleware. A body that is announced, or turns out, to be too large is refused (413),
    and so is one that fills the disk for temporary files (503); Django words the refusal.
    """

    def __init__(self, application: Application, limit: int = LIMIT) -> None:
        self.application, self.limit = application, limit

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        exchange = _Exchange(receive, send, self.limit)
        try:
            if _announced(scope) > self.limit:
                raise BodyTooLarge(MESSAGE)
            await self.application(scope, exchange.receive, exchange.send)
            if exchange.too_large and not exchange.answered:
                raise BodyTooLarge(MESSAGE)
        except Exception as error:
            if exchange.answered or answer_to(error) is None:
                raise
            await exchange.drop_the_rest()
            await self.application({**scope, REFUSED: error}, _Nothing().receive, send)


class _Exchange:
    """One request, with what has come and gone so far."""

    def __init__(self, receive: Any, send: Any, limit: int) -> None:
        self._receive, self._send, self._limit = receive, send, limit
        self._seen = 0
        self._whole = False
        self.answered = False

    @property
    def too_large(self) -> bool:
        return self._seen > self._limit

    async def receive(self) -> Message:
        message: Message = await self._receive()
        self._seen += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return {"type": "http.disconnect"} if self.too_large else message

    async def send(self, message: Message) -> None:
        self.answered = True
        await self._send(message)

    async def drop_the_rest(self) -> None:
        while not self._whole and self._seen <= PATIENCE:
            await self.receive()


class _Nothing:
    """An empty body, after which nothing comes."""

    def __init__(self) -> None:
        self._told = False

    async def receive(self) -> Message:
        if self._told:
            await asyncio.Event().wait()
        self._told = True
        return {"type": "http.request", "body": b"", "more_body": False}


def _announced(scope: Message) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() and len(length) < 20 else 0

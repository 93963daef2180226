"""A limit on request bodies, before Django writes them to disk."""

from __future__ import annotations

from typing import Any

Application = Any
LIMIT = 60 * 2**20
"""Bytes. Files may have 50 MB; the form around them needs little."""

MESSAGE = (
    b"The request is larger than 60 MB. Files may have 50 MB: split yours, or send fewer columns."
)


class BodyLimit:
    """ASGI middleware: answers 413 to a body that is announced, or turns out, to be too large."""

    def __init__(self, application: Application, limit: int = LIMIT) -> None:
        self.application, self.limit = application, limit

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self.limit:
            await _refuse(send)
            return
        seen = 0

        async def counted() -> dict[str, Any]:
            nonlocal seen
            message: dict[str, Any] = await receive()
            seen += len(message.get("body", b""))
            return {"type": "http.disconnect"} if seen > self.limit else message

        await self.application(scope, counted, send)


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": MESSAGE})

"""A browser's side of one WebSocket, without a browser or a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from asgiref.testing import ApplicationCommunicator


class Socket(ApplicationCommunicator):
    """Speaks to an ASGI application as `user` at an address."""

    def __init__(self, application: Callable[..., Awaitable[None]], url: str, user: Any) -> None:
        address = urlsplit(url)
        scope = {
            "type": "websocket",
            "path": address.path,
            "query_string": address.query.encode(),
            "headers": [],
            "subprotocols": [],
            "user": user,
        }
        super().__init__(application, scope)

    async def connect(self, seconds: float) -> bool:
        """Whether the server accepted."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(seconds)
        return bool(answer["type"] == "websocket.accept")

    async def frame(self, seconds: float) -> str:
        """The next text; fails when the server closes instead."""
        answer = await self.receive_output(seconds)
        assert answer["type"] == "websocket.send", answer
        return str(answer["text"])

    async def close_code(self, seconds: float) -> int:
        answer = await self.receive_output(seconds)
        assert answer["type"] == "websocket.close", answer
        return int(answer["code"])

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.wait(5)

"""A browser's side of one WebSocket, without a browser or a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from asgiref.testing import ApplicationCommunicator


class Socket(ApplicationCommunicator):
    """Opens `path` of an ASGI application, as a page in a browser with these cookies does.

    `headers` are added to those of a page at http://testserver, and replace them.
    """

    def __init__(
        self,
        application: Callable[..., Awaitable[None]],
        path: str,
        cookies: SimpleCookie | None = None,
        **headers: str,
    ) -> None:
        address = urlsplit(path)
        sent = {"host": "testserver", "origin": "http://testserver"} | headers
        if cookies:
            sent["cookie"] = "; ".join(f"{name}={c.value}" for name, c in cookies.items())
        scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": address.path,
            "query_string": address.query.encode("latin-1"),
            "headers": [(n.encode(), v.encode("latin-1")) for n, v in sent.items() if v],
            "subprotocols": [],
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

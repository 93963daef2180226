"""Bodies beyond the limit never reach Django, which words the refusal."""

from __future__ import annotations

from typing import Any

import pytest

from promptlab import body_limit
from promptlab.body_limit import BodyLimit
from promptlab.outage import REFUSED, BodyTooLarge

Message = dict[str, Any]


class Caller:
    """Sends chunks; notes what reaches the application, how often it is asked, and what it says."""

    def __init__(self, headers: list[tuple[bytes, bytes]], chunks: list[bytes]) -> None:
        self.headers = headers
        self.waiting = [
            {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
            for number, chunk in enumerate(chunks, 1)
        ]
        self.reached: list[Message] = []
        self.sent: list[Message] = []
        self.scopes: list[Message] = []

    async def through(self, limit: int = 100) -> Caller:
        scope = {"headers": self.headers}
        await BodyLimit(self._application, limit)(scope, self._receive, self._send)
        return self

    async def _application(self, scope: Message, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        message = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            self.reached.append(message)
        if message["type"] == "http.request":
            await send({"type": "http.response.start", "status": 200})

    async def _receive(self) -> Message:
        return self.waiting.pop(0)

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


async def test_a_body_announced_as_too_large_is_refused_with_what_to_do() -> None:
    caller = await Caller([(b"content-length", b"101")], [b"x" * 101]).through()
    assert [scope.get(REFUSED).__class__ for scope in caller.scopes] == [BodyTooLarge]
    assert "50 MB" in str(caller.scopes[0][REFUSED])
    assert [message["body"] for message in caller.reached] == [b""]
    assert not caller.waiting  # a browser reads no answer before it has sent everything


async def test_a_body_that_grows_beyond_the_limit_is_cut_off_and_refused() -> None:
    caller = await Caller([], [b"x" * 60, b"x" * 60, b"x" * 60]).through()
    types = [message["type"] for message in caller.reached]
    assert types == ["http.request", "http.disconnect", "http.request"]
    assert isinstance(caller.scopes[1][REFUSED], BodyTooLarge)
    assert not caller.waiting


async def test_no_more_is_read_of_a_refused_body_than_bears_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_limit, "PATIENCE", 300)
    caller = await Caller([(b"content-length", b"9" * 9)], [b"x" * 100] * 50).through()
    assert len(caller.waiting) == 46


@pytest.mark.parametrize("length", [b"100", b"", b"nonsense", b"9" * 5000])
async def test_other_bodies_pass(length: bytes) -> None:
    caller = await Caller([(b"content-length", length)], [b"x" * 50, b"x" * 50]).through()
    assert [len(message["body"]) for message in caller.reached] == [50, 50]
    assert [message["status"] for message in caller.sent] == [200]


async def test_an_error_of_ours_climbs() -> None:
    async def broken(scope: Message, receive: Any, send: Any) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await BodyLimit(broken)({"headers": []}, None, None)

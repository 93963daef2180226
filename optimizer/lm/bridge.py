"""LiteLLM's requests, sent by our transport in place of its own.

LiteLLM and the OpenAI SDK make their requests through clients of httpx, which are shared by all
calls; which call a request belongs to is known by its context.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx

from optimizer.core.programs.ending import spoken
from optimizer.lm.answers import Reader
from optimizer.lm.failures import CallFailed, ProviderRefused
from optimizer.lm.transport import LONG_BYTES, Transport

PLAIN = frozenset({"content-type", "user-agent", "anthropic-version", "anthropic-beta"})
"""Headers that go out as they are. Any other goes only if it carries the provider's own key."""
NO_KEY = "promptlab-has-no-key"
"""Given to libraries that insist on a key; it never leaves the house."""


def origin_of(url: str) -> str:
    """Scheme, host and port of an address: who is asked. "" where it is no address."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return ""
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.host}:{port}" if port and parts.host else ""


@dataclass
class CallExchange:
    """The one request of one call, answered in at most `most` bytes. `found` is its answer, which a
    library may read on, `failure` why there is none. `answer` is closed when it has been read.
    `embeds`: it holds vectors, and is no completion.
    """

    transport: Transport
    reader: Reader
    key: str
    origin: str
    most: int
    embeds: bool = False
    sent: bool = False
    found: dict[str, Any] | None = None
    failure: CallFailed | None = None
    answer: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """A good answer; everything else is kept as `failure` and raised as httpx would.

        Of a second request nothing is kept: what the first one came to counts.
        """
        if self.sent:
            raise httpx.TransportError("a second request for one call is not sent")
        try:
            return await self._send(request)
        except CallFailed as failure:
            self.failure = failure
            raise httpx.TransportError(str(failure)) from failure

    async def _send(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        if origin_of(url) != self.origin or NO_KEY in url:
            raise ProviderRefused(
                f"LiteLLM wants to call another address than {self.reader.name}, and that is not "
                "done. Check the name of the model, or connect it as an OpenAI-compatible endpoint."
            )
        body, self.sent = await request.aread(), True
        headers = self._headers(request)
        exchange = self.transport.exchange(request.method, url, headers, body, self.most)
        answer = await self.answer.enter_async_context(exchange)
        if len(answer.body) > LONG_BYTES:
            gc.collect(1)  # libraries leave the copies of the answer before in cycles
        if self.embeds:
            self.found = self.reader.embeddings_of(answer)
        else:
            self.found = self.reader.completion_of(answer)
        # Written anew: libraries choke on halves of characters, on other names for JSON, on words
        # where numbers should be, and on parts where a text should be.
        told = _counted(_with_texts(self.found))
        content = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json"}
        return httpx.Response(200, headers=headers, content=content, request=request)

    def _headers(self, request: httpx.Request) -> dict[str, str]:
        return {
            name: value
            for name, value in request.headers.items()
            if name in PLAIN or (self.key and self.key in value)
        }


def _with_texts(found: dict[str, Any]) -> dict[str, Any]:
    """A chat completion whose contents are texts; `found` itself says what parts they had."""
    choices = found.get("choices")
    if not isinstance(choices, list):
        return found
    return {**found, "choices": [_with_text(choice) for choice in choices]}


def _with_text(choice: Any) -> Any:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        return choice
    text, _finish = spoken(message, None)
    return {**choice, "message": {**message, "content": text}}


def _counted(found: dict[str, Any]) -> dict[str, Any]:
    """The answer with counts of tokens that are numbers, 0 for unknown: libraries take no other."""
    if "candidates" in found:
        name, least = "usageMetadata", {"promptTokenCount": 0, "candidatesTokenCount": 0}
    elif found.get("type") == "message":
        name, least = "usage", {"input_tokens": 0, "output_tokens": 0}
    else:
        name, least = "usage", dict[str, int]()
    usage = found.get(name)
    counts = least | (_numbers(usage) if isinstance(usage, dict) else {})
    return {**found, name: counts} if counts else {k: v for k, v in found.items() if k != name}


def _numbers(usage: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in usage.items()
        if "token" not in name.lower() or isinstance(value, int | float | dict | list)
    }


_current: ContextVar[CallExchange | None] = ContextVar("exchange", default=None)


@contextmanager
def exchanging(exchange: CallExchange) -> Iterator[CallExchange]:
    """Requests made in here, and in tasks and threads begun here, are this exchange's."""
    token = _current.set(exchange)
    try:
        yield exchange
    finally:
        _current.reset(token)


class Bridge(httpx.AsyncBaseTransport):
    """Sends a request through the exchange of the call that it belongs to."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange = _current.get()
        if exchange is None:
            raise httpx.ConnectError("a request that belongs to no call is not sent")
        return await exchange.send(request)


class Closed(httpx.BaseTransport):
    """Sends nothing: the calls that we make are asynchronous, so this is none of them."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("a request beside the call is not sent")

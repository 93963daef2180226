"""OpenAI-compatible endpoints spoken to directly: a tenth of a library's processor time."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from optimizer.core.programs.lm import Reply
from optimizer.lm.call import LMCall
from optimizer.lm.door import usage
from optimizer.lm.failures import (
    CallFailed,
    Garbled,
    NoReply,
    ProviderRefused,
    SchemaRefused,
    Unreachable,
    of_status,
)
from optimizer.lm.guard import ForbiddenAddress, GuardedResolver, check_host
from optimizer.lm.scrub import Scrubber

MOST_BYTES = 2_000_000
DEADLINE = 120.0
"""Seconds from sending a call to the last byte of its reply."""
SHOWN = 200
"""Characters of a body that is no completion that are told."""
CONNECT_SECONDS = 10.0
KEPT_ALIVE = 4.0
"""Seconds; shorter than servers' own, so that no call goes into a connection being closed."""


class OpenAIHttp:
    """A client of one endpoint; its connections belong to the event loop that first uses it.

    `own_engine` adds what our own engine understands: the prefix cache and a seed a call.
    """

    def __init__(
        self,
        api_base: str,
        key: str = "",
        *,
        constrains: bool = True,
        own_engine: bool = False,
        deadline: float = DEADLINE,
    ) -> None:
        self._base = api_base.rstrip("/")
        self._scrub = Scrubber(key)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._own_engine = own_engine
        self._deadline = deadline
        self._session: aiohttp.ClientSession | None = None
        self.constrains = constrains

    async def complete(self, call: LMCall) -> Reply:
        started = time.monotonic()
        constrained = call.schema is not None and self.constrains
        body = self._body(call, constrained)
        status, data, after = await self._exchange("POST", "/chat/completions", body)
        if status != 200:
            raise self._refusal(status, data, after, constrained)
        return _reply_of(self._json(data), time.monotonic() - started, self._scrub)

    async def models(self) -> list[str]:
        """Names of the models that the endpoint offers; empty when it does not say."""
        status, data, after = await self._exchange("GET", "/models", None)
        if status in (401, 403):
            raise of_status(status, self._base, self._words(data), after)
        if status != 200:
            return []
        listed = self._json(data).get("data")
        rows = listed if isinstance(listed, list) else []
        return [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _body(self, call: LMCall, constrained: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": call.model,
            "messages": [{"role": m.role, "content": m.content} for m in call.messages],
            "temperature": call.temperature,
            "max_tokens": call.max_tokens,
        }
        if constrained:
            schema = {"name": "reply", "schema": call.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if self._own_engine:
            body |= {"cache_prompt": True, "seed": call.sample}
        return body

    async def _exchange(
        self, method: str, path: str, body: dict[str, Any] | None
    ) -> tuple[int, bytes, float | None]:
        sent = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"} if sent else {}
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._connected().request(
                    method,
                    f"{self._base}{path}",
                    data=sent,
                    headers=headers,
                    allow_redirects=False,
                ) as response,
            ):
                data = await _limited(response)
                return response.status, data, _retry_after(response)
        except TimeoutError as error:
            raise self._timed_out(error) from error
        except (aiohttp.ClientError, OSError, ForbiddenAddress, ValueError) as error:
            raise self._broken(error) from error

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            check_host(urlsplit(self._base).hostname or "")
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, resolver=GuardedResolver(), keepalive_timeout=KEPT_ALIVE
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    def _timed_out(self, error: TimeoutError) -> CallFailed:
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return Unreachable(f"{self._base} does not accept connections. Is the server running?")
        return NoReply(f"No whole reply from {self._base} within {self._deadline:g} s.")

    def _broken(self, error: Exception) -> CallFailed:
        """Failures before anything was sent are told from those after."""
        if isinstance(error, aiohttp.ClientConnectorError) and isinstance(
            error.__cause__, ForbiddenAddress
        ):
            error = error.__cause__
        words = self._scrub.clean(str(error) or type(error).__name__)
        if isinstance(error, ForbiddenAddress | aiohttp.InvalidURL):
            return ProviderRefused(words)
        if isinstance(error, aiohttp.ClientConnectorError):
            why = self._scrub.clean(_why(error))
            return Unreachable(f"{self._base} cannot be reached ({why}). Is the server running?")
        if isinstance(error, aiohttp.ClientPayloadError | TooLong):
            told = str(error) if isinstance(error, TooLong) else "it cannot be unpacked"
            return Garbled(f"{self._base} sent a reply that cannot be read: {told}.", said=words)
        return NoReply(f"The connection to {self._base} broke before the reply came.", said=words)

    def _refusal(
        self, status: int, data: bytes, after: float | None, constrained: bool
    ) -> CallFailed:
        words = self._words(data)
        if (
            status in (400, 422, 501)
            and constrained
            and about_schema(data.decode("utf-8", "replace"))
        ):
            self.constrains = False
            return SchemaRefused(f"{self._base} cannot hold replies to a schema.", said=words)
        return of_status(status, self._base, words, after)

    def _words(self, data: bytes) -> str:
        text = data.decode("utf-8", "replace")
        try:
            found = json.loads(text)
            error = found.get("error", found) if isinstance(found, dict) else found
            text = str(error.get("message", error) if isinstance(error, dict) else error)
        except (json.JSONDecodeError, RecursionError):
            pass  # not JSON: the text itself is what the provider says
        return self._scrub.clean(text)

    def _json(self, data: bytes) -> dict[str, Any]:
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            shown = self._scrub.clean(data.decode("utf-8", "replace"), SHOWN)
            raise Garbled(
                f"{self._base} answered with something else than JSON.", said=shown
            ) from error
        if not isinstance(found, dict):
            raise Garbled(f"{self._base} answered with JSON that is no completion.")
        return found


class TooLong(ValueError):
    """A reply of more bytes than any completion has."""

    def __init__(self) -> None:
        super().__init__(f"the reply is longer than {MOST_BYTES:,} bytes")


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    """The body, refused beyond MOST_BYTES while it arrives, before it fills the memory."""
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MOST_BYTES:
            response.close()
            raise TooLong
        chunks.append(chunk)
    return b"".join(chunks)


def _reply_of(found: dict[str, Any], seconds: float, scrub: Scrubber) -> Reply:
    try:
        choice = found["choices"][0]
        content = choice["message"]["content"]
    except (KeyError, IndexError, TypeError) as error:
        shown = scrub.clean(json.dumps(found), SHOWN)
        raise Garbled("The endpoint's answer is no chat completion.", said=shown) from error
    if isinstance(content, list):
        content = "".join(str(p.get("text", "")) for p in content if isinstance(p, dict))
    if not isinstance(content, str):
        if choice.get("finish_reason") != "length":
            raise Garbled("The endpoint's reply holds no text.")
        content = ""
    said = found.get("usage")
    told = said if isinstance(said, dict) else {}
    prompt, completion = usage(told.get("prompt_tokens"), told.get("completion_tokens"))
    return Reply(
        text=content,
        prompt_tokens=prompt,
        completion_tokens=completion,
        seconds=seconds,
        finish_reason=str(choice.get("finish_reason") or "stop"),
    )


def _why(error: aiohttp.ClientConnectorError) -> str:
    """The system's word for it; aiohttp's own says the address a second time."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name is not known"
    return os.strerror(error.errno).lower() if error.errno else str(error)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None


def about_schema(text: str) -> bool:
    """Whether a refusal is about constraining the reply, rather than about the prompt."""
    return any(word in text.lower() for word in ("response_format", "schema", "grammar"))

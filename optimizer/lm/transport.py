"""The one way out to providers: HTTP, bounded in bytes and time, to addresses that are allowed.

Every client sends through it, so that no library sees a redirect or more than MOST_BYTES.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

from optimizer.lm.connector import GuardedConnector
from optimizer.lm.failures import (
    CallFailed,
    Garbled,
    NoReply,
    ProviderRefused,
    TimedOut,
    Unreachable,
)
from optimizer.lm.guard import Egress, ForbiddenAddress
from optimizer.lm.scrub import Scrubber
from optimizer.lm.unpacking import (
    MOST_BYTES,
    TooLong,
    Unpackable,
    beginning,
    is_short,
    unpacked,
)

DEADLINE = 120.0
"""Seconds from sending a call to the last byte of its reply."""
CONNECT_SECONDS = 10.0
"""For the name, the connection and its encryption together."""
LONG_BYTES = 64_000
LONG_AT_ONCE = 4
"""Longer answers of one provider are read, and read on by libraries, so many at once."""
ERROR_BYTES = 64_000
ERROR_SECONDS = 5.0
"""Of the body of an answer that is an error by its status."""
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}


@dataclass(frozen=True)
class Answer:
    """What came back, whole and unpacked. `retry_after`: seconds, as the provider asks."""

    status: int
    body: bytes
    retry_after: float | None = None


class Transport:
    """Requests to one provider; its connections belong to the event loop that first uses it.

    `name` is how the provider's address is shown to people.
    """

    def __init__(self, name: str, egress: Egress, scrub: Scrubber, deadline: float) -> None:
        self._name = name
        self._egress = egress
        self._scrub = scrub
        self._deadline = deadline
        self._turns = asyncio.Semaphore(LONG_AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        most: int = MOST_BYTES,
    ) -> AsyncIterator[Answer]:
        """One request and its answer of at most `most` bytes, whatever its status; nothing is sent
        a second time. What is made of the answer is made in here: long ones take turns.

        Raises:
            Unreachable, ProviderRefused: nothing was sent.
            TimedOut, NoReply, Garbled: it was sent, and no whole answer came.
        """
        async with AsyncExitStack() as turn:
            yield await self._exchange(method, url, {**headers, **HEADERS}, body, most, turn)

    async def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        most: int,
        turn: AsyncExitStack,
    ) -> Answer:
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._connected().request(
                    method, _checked(url), data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                data = await self._body(response, most, turn)
                return Answer(response.status, data, _retry_after(response))
        except TimeoutError as error:
            raise self._timed_out(error) from error
        except (aiohttp.ClientError, OSError, ForbiddenAddress, ValueError) as error:
            raise self._broken(error) from error

    async def _body(
        self, response: aiohttp.ClientResponse, most: int, turn: AsyncExitStack
    ) -> bytes:
        """The body, unpacked. Of an error its beginning is enough: the status counts."""
        coding = response.headers.get("Content-Encoding")
        if response.status != 200:
            read = await _beginning(response, min(ERROR_SECONDS, self._deadline / 4))
            return beginning(read, coding, ERROR_BYTES)
        sent = bytearray()
        long = False
        async for chunk in response.content.iter_any():
            sent += chunk
            if len(sent) > most:
                response.close()
                raise TooLong(most)
            if len(sent) > LONG_BYTES and not long:
                long = True
                await turn.enter_async_context(self._turns)
        if not long and not is_short(sent, coding, LONG_BYTES):
            await turn.enter_async_context(self._turns)
        return unpacked(sent, coding, most)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=GuardedConnector(self._egress),
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _timed_out(self, error: TimeoutError) -> CallFailed:
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return Unreachable(f"{self._name} does not accept connections. Is the server running?")
        return TimedOut(f"No whole reply from {self._name} within {self._deadline:g} s.")

    def _broken(self, error: Exception) -> CallFailed:
        """Failures before anything was sent are told from those after."""
        words = self._scrub.clean(str(error) or type(error).__name__)
        if isinstance(error, TooLong | Unpackable):
            return Garbled(f"{self._name} sent a reply that cannot be read: {error}.")
        if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError):
            return Garbled(f"{self._name} sent a reply that is no whole answer.", said=words)
        if isinstance(error, ForbiddenAddress):
            return ProviderRefused(str(error))
        if isinstance(error, ValueError):
            told = f"No request can be made of the address {self._name} and its key."
            return ProviderRefused(told, said=words)
        if isinstance(error, aiohttp.ClientConnectorError):
            why = self._scrub.clean(_why(error))
            return Unreachable(f"{self._name} cannot be reached ({why}). Is the server running?")
        return NoReply(f"The connection to {self._name} broke before the reply came.", said=words)


def _checked(url: str) -> str:
    """The address, if it is one of HTTP's."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ProviderRefused(
            "The address of an endpoint begins with http:// or https:// and a host."
        )
    return url


async def _beginning(response: aiohttp.ClientResponse, seconds: float) -> bytes:
    """What comes of the body in so many seconds, at most ERROR_BYTES of it."""
    read = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in response.content.iter_any():
                read += chunk
                if len(read) >= ERROR_BYTES:
                    break
    except (TimeoutError, aiohttp.ClientError, OSError):
        pass  # what came is what there is to tell
    response.close()
    return bytes(read[:ERROR_BYTES])


def _why(error: aiohttp.ClientConnectorError) -> str:
    """The system's word for it; aiohttp's own says the address a second time."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name is not known"
    return os.strerror(error.errno).lower() if error.errno else str(error)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Seconds, which may be said as the time at which they end."""
    said = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(said))
    except ValueError:
        pass  # it may be a time
    try:
        left = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return max(0.0, left)

"""The one way out to providers: HTTP, bounded in bytes and time, to addresses that are allowed.

Every client sends through it, so that no library sees a redirect or more than MOST_BYTES.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

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
from optimizer.lm.unpacking import MOST_BYTES, TooLong, Unpackable, unpacked

DEADLINE = 120.0
"""Seconds from sending a call to the last byte of its reply."""
CONNECT_SECONDS = 10.0
"""For the name, the connection and its encryption together."""
KEPT_ALIVE = 4.0
"""Seconds; shorter than servers' own, so that no call goes into a connection being closed."""
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
        self._session: aiohttp.ClientSession | None = None

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """One request and its answer, whatever its status; nothing is sent a second time.

        Raises:
            Unreachable, ProviderRefused: nothing was sent.
            TimedOut, NoReply, Garbled: it was sent, and no whole answer came.
        """
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._connected().request(
                    method,
                    _checked(url),
                    data=body,
                    headers={**headers, **HEADERS},
                    allow_redirects=False,
                ) as response,
            ):
                data = unpacked(await _limited(response), response.headers.get("Content-Encoding"))
                return Answer(response.status, data, _retry_after(response))
        except TimeoutError as error:
            raise self._timed_out(error) from error
        except (aiohttp.ClientError, OSError, ForbiddenAddress, ValueError) as error:
            raise self._broken(error) from error

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Guarded(self._egress),
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
        if isinstance(error, ForbiddenAddress | _NoEndpoint):
            return ProviderRefused(str(error))
        if isinstance(error, ValueError):
            told = f"No request can be made of the address {self._name} and its key."
            return ProviderRefused(told, said=words)
        if isinstance(error, aiohttp.ClientConnectorError):
            why = self._scrub.clean(_why(error))
            return Unreachable(f"{self._name} cannot be reached ({why}). Is the server running?")
        return NoReply(f"The connection to {self._name} broke before the reply came.", said=words)


class _NoEndpoint(ValueError):
    """An address that is none of HTTP's."""

    def __init__(self) -> None:
        super().__init__("The address of an endpoint begins with http:// or https:// and a host.")


class _Resolver(AbstractResolver):
    """Names to numbers. A name with any number that is not allowed is refused as a whole."""

    def __init__(self, egress: Egress) -> None:
        self._inner = ThreadedResolver()
        self._egress = egress

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for result in found:
            self._egress.check(result["host"], result["port"])
        return found

    async def close(self) -> None:
        await self._inner.close()


class _Blocked(OSError):
    """Why a socket was not made, in the one shape in which aiohttp goes on to the next address."""

    def __init__(self, refusal: ForbiddenAddress) -> None:
        super().__init__(errno.EACCES, str(refusal))
        self.refusal = refusal


class _Guarded(aiohttp.TCPConnector):
    """Checks every address as a socket is made for it, and the peer before anything is sent."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        super().__init__(
            limit=0,
            resolver=_Resolver(egress),
            keepalive_timeout=KEPT_ALIVE,
            socket_factory=self._socket,
        )

    async def connect(self, req: Any, traces: Any, timeout: Any) -> aiohttp.connector.Connection:
        try:
            connection = await super().connect(req, traces, timeout)
            self._check_peer(connection)
        except (ForbiddenAddress, aiohttp.ClientConnectorError) as error:
            refusal = _refusal_in(error)
            if refusal is None:
                raise
            raise refusal.told_as(f"{req.url.host_subcomponent}:{req.url.port}") from None
        return connection

    def _socket(self, info: Any) -> socket.socket:
        family, kind, protocol, _, (address, port, *_) = info
        try:
            self._egress.check(address, port)
        except ForbiddenAddress as refusal:
            raise _Blocked(refusal) from refusal
        return socket.socket(family=family, type=kind, proto=protocol)

    def _check_peer(self, connection: aiohttp.connector.Connection) -> None:
        transport = connection.transport
        peer = transport.get_extra_info("peername") if transport is not None else None
        try:
            if peer is None:
                raise aiohttp.ServerDisconnectedError
            self._egress.check(peer[0], peer[1])
        except BaseException:
            connection.close()
            raise


def _refusal_in(error: BaseException | None) -> ForbiddenAddress | None:
    while error is not None:
        if isinstance(error, ForbiddenAddress | _Blocked):
            return error.refusal if isinstance(error, _Blocked) else error
        error = error.__cause__ or error.__context__
    return None


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _NoEndpoint
    return url


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    """The body as sent, refused beyond MOST_BYTES while it arrives."""
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MOST_BYTES:
            response.close()
            raise TooLong
        chunks.append(chunk)
    return b"".join(chunks)


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

"""Connections to providers: only to addresses that are allowed, judged when they are made."""

from __future__ import annotations

import errno
import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from optimizer.lm.guard import Egress, ForbiddenAddress

KEPT_ALIVE = 4.0
"""Seconds; shorter than servers' own, so that no call goes into a connection being closed."""
RECEIVED_BYTES = 32_768
"""That the system takes in for us ahead, of each connection; hundreds may be open."""


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


class GuardedConnector(aiohttp.TCPConnector):
    """Checks every address as a socket is made for it, and the peer before anything is sent."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._passed: set[tuple[str, int]] = set()
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
            self._check(address, port)
        except ForbiddenAddress as refusal:
            # The one shape of failure after which aiohttp goes on to the next address.
            raise OSError(errno.EACCES, str(refusal)) from refusal
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
        return made

    def _check(self, address: str, port: int) -> None:
        """Judge an address, each once: what is allowed does not change while this lives."""
        if (address, port) not in self._passed:
            self._egress.check(address, port)
            self._passed.add((address, port))

    def _check_peer(self, connection: aiohttp.connector.Connection) -> None:
        transport = connection.transport
        peer = transport.get_extra_info("peername") if transport is not None else None
        try:
            if peer is None:
                raise aiohttp.ServerDisconnectedError
            self._check(peer[0], peer[1])
        except BaseException:
            connection.close()
            raise


def _refusal_in(error: BaseException | None) -> ForbiddenAddress | None:
    while error is not None:
        if isinstance(error, ForbiddenAddress):
            return error
        error = error.__cause__ or error.__context__
    return None

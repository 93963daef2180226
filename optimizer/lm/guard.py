"""Where a call may connect to: never to link-local and metadata addresses, however spelt."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

METADATA = frozenset(
    ipaddress.ip_address(a) for a in ("100.100.100.200", "168.63.129.16", "fd00:ec2::254")
)
"""Clouds' metadata services that are not link-local."""


class ForbiddenAddress(Exception):
    """An endpoint that leads to where no model is: the machine's or the cloud's own services."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The address {host} is not allowed: link-local and metadata addresses are never "
            "models. Enter the address of the model's endpoint."
        )


def check_host(host: str) -> None:
    """Refuse a literal address that is forbidden; names are checked when they are resolved.

    Raises:
        ForbiddenAddress: the host is such an address.
    """
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return
    if _forbidden(address):
        raise ForbiddenAddress(host)


def check_url(url: str) -> None:
    """Refuse an endpoint whose name leads to a forbidden address now; blocks while resolving.

    Raises:
        ForbiddenAddress: one of its addresses is forbidden.
    """
    host = urlsplit(url).hostname or ""
    check_host(host)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return  # no such name: the call will say so
    for entry in found:
        check_host(str(entry[4][0]))


class GuardedResolver(AbstractResolver):
    """Checks the addresses that will be connected to, so that a name cannot change its mind."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for result in found:
            check_host(result["host"])
        return found

    async def close(self) -> None:
        await self._inner.close()


def _forbidden(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None and _forbidden(inner):
            return True
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in METADATA
    )

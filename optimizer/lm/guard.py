"""Which addresses a call may connect to: judged by number, at the moment it connects."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

NEVER: tuple[IPNetwork, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "fe80::/10", "fec0::/10", "ff00::/8",
        # Clouds' metadata services that are not link-local.
        "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32",
        "fd00:ec2::254/128", "fd20:ce::254/128",
    )
)  # fmt: skip
"""Unspecified, link-local, multicast, reserved, and metadata: no model is ever there."""
PRIVATE: tuple[IPNetwork, ...] = tuple(
    map(ipaddress.ip_network, ("100.64.0.0/10", "64:ff9b:1::/48", "2001::/32"))
)
"""Not public, whatever this version of Python takes them for."""

_MAPPED = ipaddress.ip_network("::ffff:0:0/96")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_TRANSLATED = ipaddress.ip_network("::ffff:0:0:0/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
"""Public as far as the address within is; some versions of Python call all of it private."""
_LOW = 2**32 - 1


class ForbiddenAddress(Exception):
    """An address that a call may not connect to.

    `never`: no opening can allow it. `told` is what people are shown instead of the number, as when
    they typed a name: which number it has inside this network is not theirs to learn.
    """

    def __init__(self, address: str, port: int, *, never: bool, told: str = "") -> None:
        self.address, self.port, self.never = address, port, never
        shown = told or (f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
        super().__init__(
            f"The address {shown} is not allowed: link-local, reserved and metadata addresses are "
            "never models. Enter the address of the model's endpoint."
            if never
            else f"The address {shown} is local or private. An administrator of this installation "
            "can allow it under “Installation”, in the menu of their account."
        )

    def told_as(self, name: str) -> ForbiddenAddress:
        """The same refusal, in words about what was typed."""
        return ForbiddenAddress(self.address, self.port, never=self.never, told=name)


@dataclass(frozen=True)
class Opening:
    """Addresses that are not public and may be connected to all the same; `port` None is any."""

    network: IPNetwork
    port: int | None = None

    def allows(self, address: IPAddress, port: int) -> bool:
        return self.port in (None, port) and address in self.network


@dataclass(frozen=True)
class Egress:
    """Where calls may go: anywhere public, and through openings to what is not; nowhere that is
    `closed`.
    """

    openings: tuple[Opening, ...] = ()
    closed: tuple[Opening, ...] = ()

    def check(self, address: str, port: int) -> None:
        """Judge an address as it is connected to: a number, never a name.

        Raises:
            ForbiddenAddress: it may not be connected to.
        """
        try:
            outer, *inner = _faces(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError as error:
            raise ForbiddenAddress(address, port, never=True) from error
        if any(map(_is_never, (outer, *inner))):
            raise ForbiddenAddress(address, port, never=True)
        if any(shut.allows(face, port) for shut in self.closed for face in (outer, *inner)):
            raise ForbiddenAddress(address, port, never=True)
        opened = self._opens(outer, port)
        if not all(opened or _is_public(f) or self._opens(f, port) for f in (outer, *inner)):
            raise ForbiddenAddress(address, port, never=False)

    def _opens(self, address: IPAddress, port: int) -> bool:
        return any(opening.allows(address, port) for opening in self.openings)


EVERYWHERE = Egress(
    (Opening(ipaddress.ip_network("0.0.0.0/0")), Opening(ipaddress.ip_network("::/0")))
)
"""All but what is never a model: for whoever administers the machine itself."""


def _is_never(address: IPAddress) -> bool:
    if any(address in network for network in NEVER):
        return True
    return address.is_reserved and not address.is_loopback and address not in _NAT64_LOCAL


def _is_public(address: IPAddress) -> bool:
    known = address.is_global or address in _SIX_TO_FOUR
    return known and not any(address in network for network in PRIVATE)


def _faces(address: IPAddress) -> Iterator[IPAddress]:
    """The address as the system connects to it, then every IPv4 address that a network may take it
    for.
    """
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    low = ipaddress.IPv4Address(int(address) & _LOW)
    if address in _MAPPED or address in _NAT64 or address in _TRANSLATED:
        yield low
        return
    if address in _COMPATIBLE and int(address) > 1:
        yield low
        return
    yield address
    if address in _NAT64_LOCAL:
        yield from _rfc6052(int(address))
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if (int(address) >> 32) & 0xFDFFFFFF == 0x5EFE:  # ISATAP
        yield low


def _rfc6052(number: int) -> Iterator[IPAddress]:
    """The IPv4 address within, by each length that the prefix may have: bits 64 to 71 are left out
    of it. The wrong lengths find zeros, mostly, which say nothing.
    """
    compact = (number >> 64) << 56 | number & (2**56 - 1)  # 120 bits, without those eight
    found = (compact >> (120 - prefix - 32) for prefix in (48, 56, 64))
    for within in (number, *found):
        if within & _LOW >= 2**24:
            yield ipaddress.IPv4Address(within & _LOW)

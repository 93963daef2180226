"""Where calls to models may go: anywhere public, and to what administrators have allowed; and with
a key, to its own vendor only.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Thread

from django.conf import settings
from yarl import URL

from optimizer.core.problems import Refused
from optimizer.lm.families import family_of
from optimizer.lm.guard import EVERYWHERE, Egress, ForbiddenAddress, IPNetwork, Opening
from optimizer.models import AllowedAddress, Provider, shown_address
from optimizer.sentences import reasons

OPERATORS = "cli"
"""The namespace of `manage.py optimize`: whoever is at a shell administers the machine."""
LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("::1/128"))
"""The two addresses by which a machine calls itself, and `localhost` means both."""
SCHEMES = ("http", "https")
OWN_NAME_SECONDS = 1.0


@dataclass(frozen=True)
class Target:
    """The host and the port that an address leads to, the host spelt as it is looked up.

    `has_user`: the address names somebody to sign in as, http://me@host.
    """

    host: str
    port: int
    has_user: bool = False

    def __str__(self) -> str:
        return shown_address(self.host, self.port)

    @property
    def own(self) -> bool:
        """Whether it is this machine's own name for itself."""
        return self.host == "localhost" or self.host.endswith(".localhost")

    def literal(self) -> list[str]:
        """The number that stands there, in whatever spelling the system reads; [] for a name."""
        return _found(self.host, self.port, socket.AI_NUMERICHOST)

    def numbers(self) -> list[str]:
        """The numbers that it leads to now, [] when its name is not known; may block."""
        return self.literal() or _found(self.host, self.port)


def target_of(url: str) -> Target:
    """Where a call to this address goes.

    Raises:
        Refused: it leads nowhere.
    """
    try:
        parts = URL(url)
        host, port = parts.raw_host, parts.port
        has_user = parts.raw_user is not None or parts.raw_password is not None
    except ValueError as error:
        raise Refused.because("address.none") from error
    if parts.scheme not in SCHEMES or not host or not port:
        raise Refused.because("address.none")
    return Target(host, port, has_user)


@dataclass(frozen=True)
class AllowList:
    """What is allowed beside public addresses: networks and names, each with a port or any. What
    is `closed` is not, whoever allows it.
    """

    entries: tuple[tuple[str, int | None], ...]
    closed: tuple[tuple[str, int | None], ...] = ()

    @classmethod
    def now(cls) -> AllowList:
        """The embedded model's address, which is allowed as long as it runs, and the table's."""
        embedded = embedded_target()
        own = [(embedded.host, embedded.port)] if embedded else []
        return cls((*own, *AllowedAddress.objects.values_list("host", "port")))

    @classmethod
    def of_programs(cls) -> AllowList:
        """The same for addresses that programs ask: the table's, and never the embedded model's, of
        which there is more to be read than replies.
        """
        embedded = embedded_target()
        own = ((embedded.host, embedded.port),) if embedded else ()
        return cls(tuple(AllowedAddress.objects.values_list("host", "port")), own)

    def egress(self, url: str = "") -> Egress:
        """Where calls may go; of names only that in `url` is looked up, which may block."""
        try:
            target = target_of(url)
        except Refused:
            target = None  # nothing to look up: "", or an address that the call refuses
        found = (o for host, port in self.entries for o in _openings(host, port, target))
        shut = (o for host, port in self.closed for o in _all_of(host, port))
        return Egress(tuple(found), tuple(shut))

    def refusal(self, url: str, patience: float = 0.0) -> ForbiddenAddress | None:
        """Why a call to this address would be refused now, None when nothing is known against it.

        A name is looked up for so many seconds at most; with 0, only the machine's own name. This
        is advice: what counts is what a call connects to, at the moment when it does.

        Raises:
            Refused: it leads nowhere.
        """
        target = target_of(url)
        literal = target.literal()
        numbers = literal or _patiently(target, OWN_NAME_SECONDS if target.own else patience)
        egress = self.egress(url) if numbers else Egress()
        for number in numbers:
            try:
                egress.check(number, target.port)
            except ForbiddenAddress as refusal:
                told = "" if literal else str(target)
                return ForbiddenAddress(number, target.port, never=refusal.never, told=told)
        return None

    def refusal_of(self, provider: Provider) -> ForbiddenAddress | None:
        """Why a provider's calls would be refused now, as far as nobody has to be asked for it."""
        if provider.namespace == OPERATORS or not provider.api_base:
            return None
        try:
            return self.refusal(provider.api_base)
        except Refused:
            return None  # the call says so


def objection(provider: Provider, model: str, allowed: AllowList) -> str:
    """Why calls to this model would be refused before anything is sent, "" where nothing is known
    against them.
    """
    if provider.kind == Provider.Kind.LITELLM:
        try:
            family_of(model, provider.family)
        except Refused as refusal:
            return reasons(refusal)
    return str(allowed.refusal_of(provider) or "")


def of_provider(provider: Provider) -> Egress:
    """Where a provider's calls may go, from now on."""
    if provider.namespace == OPERATORS:
        return EVERYWHERE
    return AllowList.now().egress(address_of(provider))


def address_of(provider: Provider) -> str:
    """The address that a provider's calls go to, "" for one that LiteLLM knows."""
    embedded = provider.kind == Provider.Kind.EMBEDDED
    return (settings.EMBEDDED_MODEL_URL or "") if embedded else provider.api_base


def embedded_target() -> Target | None:
    """Where the embedded model is; None where it does not run."""
    return target_of(settings.EMBEDDED_MODEL_URL) if settings.EMBEDDED_MODEL_URL else None


def network_of(text: str) -> IPNetwork | None:
    """A network, or an address in any spelling as a network of one; None for a name."""
    numbers = _found(text, None, socket.AI_NUMERICHOST) if "/" not in text else [text]
    try:
        found = ipaddress.ip_network(numbers[0].partition("%")[0], strict=False)
    except (IndexError, ValueError):
        return None
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    return ipaddress.ip_network(mapped) if mapped and found.num_addresses == 1 else found


def _openings(host: str, port: int | None, target: Target | None) -> Iterator[Opening]:
    network = network_of(host)
    if network in LOOPBACK:
        yield from (Opening(own, port) for own in LOOPBACK)
    elif network is not None:
        yield Opening(network, port)
    elif target is not None and target.host == host and port in (None, target.port):
        for number in target.numbers():
            if (found := network_of(number)) is not None:
                yield Opening(found, port)


def _all_of(host: str, port: int | None) -> Iterator[Opening]:
    """A host by whatever name it is asked: by its numbers, and loopback by both of its own."""
    own = Target(host, port or 0)
    for number in [str(net[0]) for net in LOOPBACK] if own.own else own.numbers():
        yield from _openings(number, port, None)


def _found(host: str, port: int | None, flags: int = 0) -> list[str]:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def _patiently(target: Target, patience: float) -> list[str]:
    """Look a name up in a thread, which no interpreter waits for: it may take a minute."""
    if not patience:
        return []
    numbers: list[str] = []
    asking = Thread(target=lambda: numbers.extend(target.numbers()), daemon=True)
    asking.start()
    asking.join(patience)
    return list(numbers)

"""Local and private addresses that calls to models may go to, in this whole installation."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import transaction

from optimizer.lm import egress
from optimizer.models import AllowedAddress
from promptlab.accounts.models import User

audit = logging.getLogger("promptlab.audit")


@dataclass(frozen=True)
class Allowance:
    """A host (a network, an address, or a name) and a port, None being any."""

    host: str
    port: int | None = None
    note: str = ""


def allowed() -> list[AllowedAddress]:
    """What was allowed, by its host; the embedded model's address is not among it."""
    return list(AllowedAddress.objects.all())


def embedded_address() -> str:
    """Where the embedded model is: allowed as long as it runs, "" where it does not."""
    target = egress.embedded_target()
    return str(target) if target else ""


def allow(allowance: Allowance, by: User) -> AllowedAddress:
    """Let calls of every project go there; what is allowed already stays as it is."""
    with transaction.atomic():
        row, is_new = AllowedAddress.objects.get_or_create(
            host=allowance.host,
            port=allowance.port,
            defaults={"note": allowance.note, "added_by": by.email},
        )
    if is_new:
        audit.info("%s allowed calls to %s", by.email, row)
    return row


def allow_target(url: str, by: User, note: str = "") -> AllowedAddress:
    """Let calls go to where this address leads, and to nowhere beside it.

    Raises:
        Refused: it leads nowhere.
    """
    target = egress.target_of(url)
    network = egress.network_of(target.host)
    return allow(Allowance(str(network or target.host), target.port, note), by)


def withdraw(row: AllowedAddress, by: User) -> None:
    """Refuse calls there from now on; runs under way keep the connections that they have."""
    row.delete()
    audit.info("%s no longer allows calls to %s", by.email, row)

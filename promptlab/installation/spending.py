"""What all projects spend together by months, and the cap above all of them."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from optimizer.costs import spending
from optimizer.costs.spending import INSTALLATION, Caps, Standing
from promptlab.accounts.models import Project, User

audit = logging.getLogger("promptlab.audit")


@dataclass(frozen=True)
class Spender:
    """A project (or what else calls models, as the command line does) and its month so far."""

    name: str
    now: Standing


def caps() -> Caps:
    return spending.caps_of(INSTALLATION)


def now() -> Standing:
    """This month of all projects together."""
    return spending.standing(INSTALLATION)


def earlier() -> list[Standing]:
    """Months that are over, newest first."""
    return [m for m in spending.months_of(INSTALLATION) if m.month < spending.this_month()]


def spenders() -> list[Spender]:
    """Who spent something this month, the most first."""
    names = {project.namespace: project.name for project in Project.objects.all()}
    found = spending.namespaces_this_month()
    return [Spender(names.get(namespace, namespace), so_far) for namespace, so_far in found.items()]


def cap_months(by: User, wished: Caps) -> None:
    """Set what all projects may spend together in each calendar month.

    Raises:
        Conflict: it cannot be set just now.
    """
    spending.set_caps(INSTALLATION, wished)
    audit.info("%s capped the months of the installation: %s", by.email, wished)

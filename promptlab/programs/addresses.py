"""Addresses that programs ask, looked at where they are typed."""

from __future__ import annotations

from optimizer.core.problems import Problem, Refused, problem
from optimizer.lm.egress import AllowList

LOOKED_UP_SECONDS = 2.0
"""For a name, while somebody waits."""


def refused_address(url: str) -> list[Problem]:
    """Why calls to an address would be refused now, as far as that is known."""
    try:
        refusal = AllowList.of_programs().refusal(url, LOOKED_UP_SECONDS)
    except Refused as error:
        return list(error.problems)
    return [problem("fetch.failed", why=str(refusal))] if refusal else []

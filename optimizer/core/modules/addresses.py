"""Addresses in modules and their tools, and what is wrong with them."""

from __future__ import annotations

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.urls import Fault, fault_in


def url_problems(url: str, name: str) -> list[Problem]:
    """What keeps an address from being asked; `name` is whose it is."""
    fault = fault_in(url)
    if fault is Fault.NONE:
        return [problem("url.none", name=name)]
    return [problem("url.host", name=name)] if fault is Fault.HOST else []

"""Whether a program may ask the addresses that it names, as far as it is known before it does."""

from __future__ import annotations

from optimizer.core.problems import Problem, Refused, problem
from optimizer.core.programs.program import Program
from optimizer.lm.egress import OPERATORS, AllowList


def unreachable(namespace: str, program: Program) -> list[Problem]:
    """Addresses that would be refused before anything is sent, each by its module. Names are not
    looked up: that is done when they are asked.
    """
    asked = {url: module.name for module in program.modules for url in module.addresses}
    if not asked or namespace == OPERATORS:
        return []
    allowed = AllowList.of_programs()
    found = ((module, _refusal(allowed, url)) for url, module in asked.items())
    return [problem("fetch.refused", "program", module=m, why=why) for m, why in found if why]


def _refusal(allowed: AllowList, url: str) -> str:
    try:
        return str(allowed.refusal(url) or "")
    except Refused:
        return ""  # the program's own problems say so

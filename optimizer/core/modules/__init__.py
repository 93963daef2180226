"""Module kinds, one file each. Nothing else names one."""

from __future__ import annotations

from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.code_step import CodeStep
from optimizer.core.modules.pick import Pick
from optimizer.core.modules.predict import Predict
from optimizer.core.modules.react import ReAct
from optimizer.core.modules.retrieve import Retrieve
from optimizer.core.modules.retrieve_http import RetrieveHttp
from optimizer.core.modules.vote import Vote
from optimizer.core.programs.program import Module

_KINDS: tuple[type[Module], ...] = (
    Predict,
    ChainOfThought,
    ReAct,
    Retrieve,
    RetrieveHttp,
    CodeStep,
    Vote,
    Pick,
)
MODULE_KINDS: dict[str, type[Module]] = {kind.kind: kind for kind in _KINDS}
"""By the name that files and rows have. The first one is meant where none is named."""


def standard_kind() -> type[Module]:
    """What a module is unless somebody says otherwise."""
    return next(iter(MODULE_KINDS.values()))

"""Module kinds as pages show them, one file each. Nothing else names one."""

from __future__ import annotations

from promptlab.programs.kinds.chain_of_thought import CHAIN_OF_THOUGHT
from promptlab.programs.kinds.code_step import CODE_STEP
from promptlab.programs.kinds.kind import Beginning, ModuleKind
from promptlab.programs.kinds.pick import PICK
from promptlab.programs.kinds.predict import PREDICT
from promptlab.programs.kinds.react import REACT
from promptlab.programs.kinds.retrieve import RETRIEVE
from promptlab.programs.kinds.retrieve_http import RETRIEVE_HTTP
from promptlab.programs.kinds.vote import VOTE
from promptlab.ui.forms import Choice
from promptlab.ui.kinds import choices

KINDS: dict[str, ModuleKind] = {
    kind.name: kind
    for kind in (PREDICT, CHAIN_OF_THOUGHT, REACT, RETRIEVE, RETRIEVE_HTTP, CODE_STEP, VOTE, PICK)
}
"""In the order in which forms offer them."""


def beginnings() -> dict[str, Beginning]:
    """Programs to begin with, by the kind that each begins with."""
    return {name: kind.beginning for name, kind in KINDS.items() if kind.beginning}


def kind_choices() -> list[tuple[str, Choice]]:
    return choices(KINDS.values())


def prompt_choices() -> list[tuple[str, Choice]]:
    """The kinds that ask a model, and need nothing but fields to do so."""
    return choices(k for k in KINDS.values() if k.core.has_instruction and not k.needs)

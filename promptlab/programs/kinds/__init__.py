"""Module kinds as pages show them, one file each. Nothing else names one."""

from __future__ import annotations

from promptlab.programs.kinds.chain_of_thought import CHAIN_OF_THOUGHT
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.programs.kinds.predict import PREDICT
from promptlab.ui.forms import Choice
from promptlab.ui.kinds import choices

KINDS: dict[str, ModuleKind] = {kind.name: kind for kind in (PREDICT, CHAIN_OF_THOUGHT)}
"""In the order in which forms offer them."""


def kind_choices() -> list[tuple[str, Choice]]:
    return choices(KINDS.values())

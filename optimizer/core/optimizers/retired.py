"""What stands for an optimizer that this version has no more: its runs are read, not carried on."""

from __future__ import annotations

from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers.optimizer import Optimizer
from optimizer.core.search.search import NewSearch


class OptimizerRetired(Exception):
    """A run cannot go on: nobody here knows its optimizer."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The optimizer “{name}” is not in this version of promptlab, so the run cannot go on. "
            "What it found stays. Run it again with another optimizer, or go back to the version "
            "that it was started with."
        )


def retired(name: str) -> Optimizer:
    """It is taken to have made use of everything, so that pages leave nothing out."""

    def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
        raise OptimizerRetired(name)

    return Optimizer(
        name=name,
        converse=converse,
        uses_instructions=True,
        uses_demos=True,
        ignores=frozenset(),
    )

"""What stands for an optimizer that this version has no more: its runs are read, not carried on."""

from __future__ import annotations

from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers.optimizer import Optimizer
from optimizer.core.problems import Refused
from optimizer.core.runs.validation import OWN_SETTINGS
from optimizer.core.search.search import NewSearch


def retired(name: str) -> Optimizer:
    """It is taken to have made use of everything, so that pages leave nothing out."""

    def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
        raise Refused.because("run.optimizer_retired", name=name)

    return Optimizer(
        name=name,
        converse=converse,
        uses=frozenset(OWN_SETTINGS),
        uses_instructions=True,
    )

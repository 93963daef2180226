"""MIPRO: instructions and demos of all modules, searched jointly (the paper's §4)."""

from __future__ import annotations

from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.demos.demo_sets import bootstrap
from optimizer.core.instructions.proposals import propose
from optimizer.core.optimizers.optimizer import (
    OF_DEMOS,
    OF_MINIBATCHES,
    OF_PROPOSALS,
    OF_TRIALS,
    Optimizer,
)
from optimizer.core.runs.board import Board
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies.minibatch_search import search_options
from optimizer.core.strategies.options import Options


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Bootstrap demo sets, propose grounded instructions, then search their combinations."""

    def search(board: Board) -> Conversation[None]:
        demo_sets = yield from bootstrap(spec)
        instructions = yield from propose(spec, demo_sets, board.history())
        yield from search_options(board, Options(instructions, demo_sets), new_search)

    return (yield from run_loop(spec, search))


OPTIMIZER = Optimizer(
    name="mipro",
    converse=converse,
    uses=OF_TRIALS | OF_MINIBATCHES | OF_PROPOSALS | OF_DEMOS,
    uses_instructions=True,
)

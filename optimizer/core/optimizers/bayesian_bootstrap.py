"""Bayesian Bootstrap: MIPRO restricted to demo sets (the paper's §4)."""

from __future__ import annotations

from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.demos.demo_sets import bootstrap
from optimizer.core.instructions.proposals import current_instructions
from optimizer.core.optimizers.optimizer import (
    OF_DEMOS,
    OF_MINIBATCHES,
    OF_TRIALS,
    Optimizer,
)
from optimizer.core.runs.board import Board
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies import cost_model
from optimizer.core.strategies.minibatch_search import search_options
from optimizer.core.strategies.options import Options


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Bootstrap demo sets, then search their combinations; instructions stay as they are."""

    def search(board: Board) -> Conversation[None]:
        demo_sets = yield from bootstrap(spec)
        kept = current_instructions(spec.program)
        yield from search_options(board, Options(kept, demo_sets), new_search)

    return (yield from run_loop(spec, search))


OPTIMIZER = Optimizer(
    name="bayesian_bootstrap",
    converse=converse,
    uses=OF_TRIALS | OF_MINIBATCHES | OF_DEMOS,
    uses_instructions=False,
    asks=cost_model.no_asks,
)

"""0-shot MIPRO: instructions only (the paper's §4). Demos found ground the proposals, no more."""

from __future__ import annotations

from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.demos.demo_sets import demos_to_show
from optimizer.core.instructions.proposals import propose
from optimizer.core.optimizers.optimizer import OF_MINIBATCHES, OF_PROPOSALS, OF_TRIALS, Optimizer
from optimizer.core.runs.board import Board
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies.minibatch_search import search_options
from optimizer.core.strategies.options import Options


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Propose grounded instructions, then search their combinations; prompts get no demos."""

    def search(board: Board) -> Conversation[None]:
        demo_sets = yield from demos_to_show(spec)
        instructions = yield from propose(spec, demo_sets, board.history())
        yield from search_options(board, Options(instructions), new_search)

    return (yield from run_loop(spec, search))


OPTIMIZER = Optimizer(
    name="zero_shot_mipro",
    converse=converse,
    uses=OF_TRIALS | OF_MINIBATCHES | OF_PROPOSALS,
    uses_instructions=True,
)

"""MIPRO++: learning how to propose (the paper's §4).

The surrogate chooses the settings of proposals, every trial writes fresh instructions under them,
and the scores say which settings write well.
"""

from __future__ import annotations

from dataclasses import replace

from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.demos.demo_sets import bootstrap, demos_to_show
from optimizer.core.optimizers.optimizer import OF_DEMOS, OF_MINIBATCHES, OF_TRIALS, Optimizer
from optimizer.core.programs.candidate import Candidate
from optimizer.core.runs.board import Board
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.search.search import Choice, NewSearch
from optimizer.core.strategies import cost_model
from optimizer.core.strategies.minibatch_search import search_programs
from optimizer.core.strategies.proposal_space import Space
from optimizer.core.strategies.rounds import Rounds, opened

SHOWN_SETS = 4
"""Demo sets that 0-shot MIPRO++ may show to the optimizer model, beside none."""


def learn_to_propose(board: Board, space: Space, new_search: NewSearch) -> Conversation[None]:
    """T trials: settings from the surrogate, fresh instructions under them, a minibatch; every S of
    them the best program so far, not the best settings, gets a full evaluation.
    """
    rounds = yield from opened(board)

    def make(choice: Choice, step: int) -> Conversation[tuple[Candidate, Choice] | None]:
        base = space.demos(board.baseline, choice)
        if rounds.given_up or not rounds.modules:
            return _with_known_instructions(rounds, base, choice)
        found = yield from rounds.write(space.guidance(choice))
        if not found:
            return None
        candidate, installed = rounds.install(found, base)
        return candidate, {**choice, **installed}

    yield from search_programs(board, space.sizes(), new_search, make)


def _with_known_instructions(
    rounds: Rounds, base: Candidate, choice: Choice
) -> tuple[Candidate, Choice] | None:
    """Where nothing new is written demos are still searched, beside the best's instructions."""
    board = rounds.board
    best = board.best or board.baseline
    known = {name: prompt.instruction for name, prompt in best.modules.items()}
    candidate, installed = rounds.install(known, base)
    return None if candidate == board.baseline else (candidate, {**choice, **installed})


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Demo sets are searched as in MIPRO, and any of them may be shown to the optimizer model."""

    def search(board: Board) -> Conversation[None]:
        demo_sets = yield from bootstrap(spec)
        shown = demo_sets if spec.settings.grounding.demos else None
        yield from learn_to_propose(board, Space(spec, shown, demo_sets), new_search)

    return (yield from run_loop(spec, search))


def converse_zero_shot(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Demo sets are found only to be shown to the optimizer model."""

    def search(board: Board) -> Conversation[None]:
        shown = yield from demos_to_show(spec, SHOWN_SETS)
        yield from learn_to_propose(board, Space(spec, shown), new_search)

    return (yield from run_loop(spec, search))


OPTIMIZER = Optimizer(
    name="mipro_plus",
    converse=converse,
    uses=OF_TRIALS | OF_MINIBATCHES | OF_DEMOS,
    uses_instructions=True,
    asks=cost_model.asks_every_trial,
    compares_writers=True,
)

ZERO_SHOT = replace(
    OPTIMIZER,
    name="zero_shot_mipro_plus",
    converse=converse_zero_shot,
    uses=OF_TRIALS | OF_MINIBATCHES,
    shown_sets=SHOWN_SETS,
)

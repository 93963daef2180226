"""Module-Level OPRO: new instructions from the scored old ones, module by module (the paper's §4).

The program's score stands in for each module's own: every module keeps a history of its
instructions with the scores of the programs that they were part of.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from optimizer.core.conversation.events import Phase, PhaseStarted, Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import Grounding, RunSpec
from optimizer.core.demos.demo_sets import demos_to_show
from optimizer.core.instructions.guidance import Guidance, draw_tip
from optimizer.core.optimizers.optimizer import OF_TRIALS, Optimizer, few_full_evaluations
from optimizer.core.runs.board import Board, is_perfect
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.runs.trials import full_trial
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies import cost_model
from optimizer.core.strategies.rounds import Rounds, opened, some_of

PLAIN = Grounding(dataset_summary=False, program_summary=False, tips=False)
"""The paper's “−G”: worked examples and the history, no more."""

Write = Callable[[Rounds, Guidance], Conversation[dict[str, str]]]
"""Writes new instructions by module."""


def climb(spec: RunSpec, write: Write) -> Conversation[Result]:
    """T times: new instructions for all modules, installed at once, fully evaluated. A module that
    got none keeps that of the best program so far.
    """

    def search(board: Board) -> Conversation[None]:
        demo_sets = yield from demos_to_show(spec)
        rounds = yield from opened(board)
        rng = random.Random(f"{spec.seed}:opro")
        yield PhaseStarted(Phase.SEARCH, spec.settings.trials)
        for _ in range(spec.settings.trials):
            shown = some_of(demo_sets, rng)
            found = yield from write(rounds, Guidance(tip=draw_tip(spec, rng), demos=shown))
            candidate, choice = rounds.install(found, board.best or board.baseline)
            if candidate not in board.full:
                yield from full_trial(board, candidate, choice)
            if rounds.given_up or is_perfect(board):
                return

    return (yield from run_loop(spec, search))


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Each module's instruction is written for itself, from its own history."""
    return (yield from climb(spec, Rounds.write))


def converse_plain(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """The same without grounding."""
    return (yield from converse(_ungrounded(spec), new_search))


def _ungrounded(spec: RunSpec) -> RunSpec:
    shown = replace(PLAIN, demos=spec.settings.grounding.demos)
    return replace(spec, settings=replace(spec.settings, grounding=shown), rewrites=())


def _plain_asks(spec: RunSpec) -> cost_model.Range:
    return cost_model.asks_every_trial(_ungrounded(spec))


OPTIMIZER = Optimizer(
    name="module_opro",
    converse=converse,
    uses=OF_TRIALS,
    uses_instructions=True,
    steps=cost_model.full_evaluations,
    asks=cost_model.asks_every_trial,
    sized=few_full_evaluations,
)

PLAIN_OPTIMIZER = replace(
    OPTIMIZER,
    name="module_opro_plain",
    converse=converse_plain,
    asks=_plain_asks,
    grounds=False,
)

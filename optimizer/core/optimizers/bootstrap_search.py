"""Bootstrap Random Search: random demo sets, each fully evaluated (the paper's §4)."""

from __future__ import annotations

import random
from dataclasses import replace

from optimizer.core.conversation.events import Phase, PhaseStarted, Result, noted
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.demos.demo_sets import bootstrap
from optimizer.core.instructions.proposals import current_instructions
from optimizer.core.optimizers.optimizer import OF_DEMOS, OF_TRIALS, Optimizer
from optimizer.core.problems import fine, warning
from optimizer.core.runs.board import Board
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.runs.trials import full_trial
from optimizer.core.search.search import Choice, NewSearch
from optimizer.core.strategies import cost_model
from optimizer.core.strategies.options import Options


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Bootstrap demo sets, then score random combinations on the whole validation split."""

    def search(board: Board) -> Conversation[None]:
        demo_sets = yield from bootstrap(spec)
        kept = current_instructions(spec.program)
        options = Options(kept, demo_sets)
        trials = spec.settings.trials
        choices = _distinct(options.sizes(), trials, random.Random(f"{spec.seed}:search"))
        if not choices:
            yield noted(warning("note.no_demo_sets"))
        elif len(choices) < trials:
            yield noted(fine("note.few_combinations", n=len(choices), wanted=trials))
        yield PhaseStarted(Phase.SEARCH, len(choices))
        for choice in choices:
            yield from full_trial(board, options.assemble(board.baseline, choice), choice)

    return (yield from run_loop(spec, search))


def a_trial_a_set(settings: Settings) -> Settings:
    """As many trials as demo sets, as every trial is a full evaluation (the paper's §4)."""
    return replace(settings, trials=settings.demo_sets)


def _distinct(sizes: dict[str, int], count: int, rng: random.Random) -> list[Choice]:
    """Up to `count` combinations, none of them twice or the baseline's, which is scored already."""
    found: list[Choice] = []
    for _ in range(20 * count if sizes else 0):
        choice = {name: rng.randrange(size) for name, size in sizes.items()}
        if any(choice.values()) and choice not in found and len(found) < count:
            found.append(choice)
    return found


OPTIMIZER = Optimizer(
    name="bootstrap_search",
    converse=converse,
    uses=OF_TRIALS | OF_DEMOS,
    uses_instructions=False,
    sized=a_trial_a_set,
    steps=cost_model.full_evaluations,
    asks=cost_model.no_asks,
)

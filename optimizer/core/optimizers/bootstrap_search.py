"""Bootstrap Random Search: random demo sets, each fully evaluated (the paper's §4)."""

from __future__ import annotations

import random
from dataclasses import replace

from optimizer.core.conversation.events import Noted, Phase, PhaseStarted, Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.demos.demo_sets import bootstrap
from optimizer.core.instructions.proposals import current_instructions
from optimizer.core.optimizers.optimizer import Optimizer
from optimizer.core.runs.board import Board
from optimizer.core.runs.conduct import conduct
from optimizer.core.runs.trials import full_trial
from optimizer.core.search.search import Choice, NewSearch
from optimizer.core.strategies import counting
from optimizer.core.strategies.options import Options


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Bootstrap demo sets, then score random combinations on the whole validation split."""

    def search(board: Board) -> Conversation[None]:
        demo_sets = yield from bootstrap(spec)
        kept = current_instructions(spec.program)
        options = Options(kept, demo_sets)
        choices = _distinct(
            options.sizes(), trials(spec.settings), random.Random(f"{spec.seed}:search")
        )
        if not choices:
            yield Noted("No demo sets were found: the baseline is all there is.", warning=True)
        elif trials(spec.settings) < spec.settings.trials:
            yield Noted(
                f"{trials(spec.settings)} combinations are tried instead of "
                f"{spec.settings.trials}, one for each demo set of a module: for more, allow more "
                "demo sets."
            )
        yield PhaseStarted(Phase.SEARCH, len(choices))
        for choice in choices:
            candidate = options.assemble(board.baseline, choice)
            if candidate not in board.full:
                yield from full_trial(board, candidate, choice)

    return (yield from conduct(spec, search))


def trials(settings: Settings) -> int:
    """No more than there are demo sets of a module: of one module more would be the same again, of
    several the cost stays what it was said to be.
    """
    return min(settings.trials, settings.demo_sets)


def _steps(settings: Settings, validation: int) -> counting.Steps:
    return counting.full_evaluations(replace(settings, trials=trials(settings)), validation)


def _distinct(sizes: dict[str, int], count: int, rng: random.Random) -> list[Choice]:
    found: list[Choice] = []
    for _ in range(20 * count if sizes else 0):
        choice = {name: rng.randrange(size) for name, size in sizes.items()}
        if choice not in found and len(found) < count:
            found.append(choice)
    return found


OPTIMIZER = Optimizer(
    name="bootstrap_search",
    title="Demos only, random search",
    description="Tries random sets of worked examples, each on the whole validation split: "
    "simple, robust, and dearer per candidate.",
    converse=converse,
    uses_instructions=False,
    uses_demos=True,
    steps=_steps,
    asks=counting.no_asks,
)

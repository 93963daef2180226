"""Racing: our default. Instructions and demos of all modules, searched by a race of candidates."""

from __future__ import annotations

from dataclasses import replace

from optimizer.core import counting
from optimizer.core.demos import bootstrap
from optimizer.core.events import Noted, Phase, PhaseStarted, Result
from optimizer.core.heats import enter, finish, open_race, run_heat
from optimizer.core.optimizers.optimizer import SIZES, Optimizer
from optimizer.core.proposals import propose
from optimizer.core.requests import Conversation
from optimizer.core.search import NewSearch
from optimizer.core.spec import RunSpec, Settings
from optimizer.core.trials import Board, Options, conduct


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Find demo sets and instructions, then race their combinations."""

    def search(board: Board) -> Conversation[None]:
        demo_sets = yield from bootstrap(spec)
        instructions = yield from propose(spec, demo_sets, board.history())
        yield from race_options(board, Options(instructions, demo_sets))

    return (yield from conduct(spec, search, open_race))


def race_options(board: Board, options: Options) -> Conversation[None]:
    """Race a fixed set of options to the end."""
    if not options.sizes():
        yield Noted("There is only the baseline to choose from: no search is needed.", warning=True)
        return
    settings = board.spec.settings
    track = enter(board, options)
    yield PhaseStarted(Phase.SEARCH, settings.trials)
    yield from run_heat(track, len(track.examples) + settings.trials * settings.minibatch_size)
    yield from finish(track)


def blocks(settings: Settings) -> Settings:
    """Blocks of 10 examples; T counts them, the baseline's own examples come on top."""
    size = SIZES.get(settings.effort, 0)
    trials = settings.trials * (40, 150, 500)[size] // (12, 50, 120)[size]
    return replace(settings, minibatch_size=10, trials=trials)


OPTIMIZER = Optimizer(
    name="racing",
    title="Instructions + demos, racing (recommended)",
    description="Writes instructions and picks worked examples for every module, scores all "
    "combinations on the same examples, and spends calls only where they can change the outcome.",
    converse=converse,
    uses_instructions=True,
    uses_demos=True,
    sized=blocks,
    steps=counting.race,
)

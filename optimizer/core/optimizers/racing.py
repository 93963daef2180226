"""Racing, our default: candidates race on common examples, while new options are written.

Instructions and demos of all modules are searched jointly, as in MIPRO. Blocks of examples go where
they can change the outcome (`race`); between heats the leader's failures give new instructions, its
successes new demos, fixed or chosen for each input; the few best are scored on all of validation,
and the one with the highest expected true score wins.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from optimizer.core.conversation.events import DemoSetFound, Phase, PhaseStarted, Result, noted
from optimizer.core.conversation.requests import (
    Conversation,
    Evaluate,
    Outcomes,
    Purpose,
    evaluate_together,
)
from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.demos.demo_pool import more_demos
from optimizer.core.demos.demo_sets import DemoSets, Mix, bootstrap
from optimizer.core.demos.labels import shows
from optimizer.core.demos.traces import harvest
from optimizer.core.evaluation.cases import contrasts_of, failures_of
from optimizer.core.metrics.feedback import told_cases
from optimizer.core.optimizers.optimizer import (
    OF_DEMOS,
    OF_PROPOSALS,
    OF_ROUNDS,
    OF_TRIALS,
    SIZES,
    Optimizer,
    Style,
)
from optimizer.core.problems import warning
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.runs.board import Board, is_perfect
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.runs.trials import doubt_minibatches
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies import cost_model
from optimizer.core.strategies.options import Options
from optimizer.core.strategies.pool import batches
from optimizer.core.strategies.race_loop import finish, open_race, run_heat, run_until_stuck
from optimizer.core.strategies.race_state import RaceState, enter
from optimizer.core.strategies.writing import Lesson, Writing, open_writing

LAST_ROUND = 0.6
"""Share of the budget at which the last round of proposals is held; what is new must still race."""
WAYS = 5
"""Ways to choose demos for each input that a race begins with."""
LESSON = 20
"""Training examples that a round learns from."""


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Find demo sets and instructions, race their combinations, learn, and race on."""

    def search(board: Board) -> Conversation[None]:
        demo_sets = yield from bootstrap(spec, _mixes(spec.settings))
        writing = yield from open_writing(board, demo_sets)
        yield from race_options(board, Options(writing.instructions, demo_sets), writing)

    return (yield from run_loop(spec, search, open_race))


def _mixes(settings: Settings) -> list[Mix]:
    """Mostly sets as large as allowed, made of traces, of labels, or of both: these differ from one
    another by far more than instructions do. Two are small, in case the model needs no more.
    """
    most = settings.max_bootstrapped_demos
    half, largest = max(most // 2, 1), max(most, settings.max_labeled_demos)
    traces, both, labels = Mix(most, largest), Mix(half, largest), Mix(1, largest)
    small, single = Mix(half, half), Mix(1, 1)
    return [traces, both, traces, labels, small, traces, both, traces, single, traces]


def race_options(
    board: Board, options: Options, writing: Writing | None = None
) -> Conversation[None]:
    """Race to the end; with `writing`, new options are found on the way."""
    if not options.sizes():
        yield noted(warning("note.only_baseline"))
        return
    settings = board.spec.settings
    track = enter(board, options)
    yield from doubt_minibatches(board)
    yield PhaseStarted(Phase.SEARCH, settings.trials)
    if writing is not None and board.spec.train:
        draws = batches(board.spec.train, LESSON, random.Random(f"{board.spec.seed}:lessons"))
        for number in range(1, settings.rounds + 1):
            share = LAST_ROUND * number / settings.rounds
            yield from run_heat(track, share)
            if is_perfect(board):
                return
            if track.race.has_room_for(2 * LESSON):
                yield from learn(track, writing, draws)
        for _ in range(settings.late_rounds if writing.asks else 0):
            yield from run_until_stuck(track)
            if is_perfect(board) or not track.race.has_room_for(2 * LESSON):
                break
            yield from learn(track, writing, draws, reflecting=True)
    yield from run_heat(track)
    if writing is not None:
        yield from writing.judge_rewrites(track.effects("instruction"))
    yield from finish(track)


def learn(
    track: RaceState,
    writing: Writing,
    draws: Iterator[tuple[Example, ...]],
    reflecting: bool = False,
) -> Conversation[None]:
    """One round: leader and rival on training examples, new instructions and sets from that."""
    leader, rival = track.leaders()
    batch = _fresh(track, (leader, rival), next(draws))
    outcomes = yield from _side_by_side(leader, rival, batch)
    track.race.pay(sum(map(len, outcomes)))
    rules = track.board.spec.feedback_rules
    cases = [told_cases(batch, found, rules) for found in outcomes]
    lesson = Lesson(leader, failures_of(cases[0]), contrasts_of(cases[-1], cases[0]))
    writing.learn(track.effects("instruction"))
    if writing.asks:
        yield from writing.write(cost_model.DRAFTS_A_ROUND, lesson, reflecting)
    sets = yield from _more_sets(track, outcomes)
    track.widen(Options(writing.instructions, sets))


def _fresh(
    track: RaceState, runners: Sequence[Candidate | None], batch: tuple[Example, ...]
) -> tuple[Example, ...]:
    """The examples that stand among no runner's demos, whose answer would be a copy; all of them
    where these leave none.
    """
    program = track.board.spec.program
    told = [runner for runner in runners if runner is not None]
    return tuple(e for e in batch if not any(shows(program, r, e) for r in told)) or batch


def _side_by_side(
    leader: Candidate, rival: Candidate | None, batch: tuple[Example, ...]
) -> Conversation[tuple[Outcomes, ...]]:
    runners = [leader] if rival is None else [leader, rival]
    requests = tuple(Evaluate(runner, batch, Purpose.REFLECTION) for runner in runners)
    return (yield from evaluate_together(requests))


def _more_sets(track: RaceState, outcomes: tuple[Outcomes, ...]) -> Conversation[DemoSets | None]:
    """The demo sets so far, and new ones out of the best demos and the successes just seen."""
    spec, known = track.board.spec, track.options.demo_sets
    if known is None:
        return None
    seen = [outcome for found in outcomes for outcome in found]
    harvested = harvest(spec.program, seen, spec.metric.threshold, spec.train)
    by_module = dict(known.by_module)
    for module in spec.program.modules:
        if not module.takes_new_demos:
            continue
        sets, effects = by_module[module.name], track.effects("demos")[module.name]
        fresh = [demo for trace in harvested for demo in trace.get(module.name, ())[:1]]
        found = more_demos(module, sets, effects, fresh, spec.settings.max_bootstrapped_demos)
        for index, demos in enumerate(found, len(sets)):
            yield DemoSetFound(module.name, index, demos, "put together in the race")
        by_module[module.name] = (*sets, *found)
    return DemoSets(by_module)


def blocks(settings: Settings) -> Settings:
    """Blocks of 10 examples; T counts them, the baseline's own examples come on top. A poor demo
    set is given up after two of them, so that there is room for many.
    """
    size = SIZES.get(settings.effort, 0)
    return replace(
        settings,
        minibatch_size=10,
        trials=settings.trials * (40, 150, 500)[size] // (12, 50, 120)[size],
        rounds=(1, 2, 4)[size],
        nearest_demos=WAYS,
        demo_sets=(12, 18, 24)[size],
        heavy_tails=True,
    )


OPTIMIZER = Optimizer(
    name="racing",
    converse=converse,
    uses=OF_TRIALS | OF_PROPOSALS | OF_DEMOS | OF_ROUNDS | {"minibatch_size"},
    uses_instructions=True,
    sized=blocks,
    steps=cost_model.race,
    asks=cost_model.asks_in_rounds,
    kept=cost_model.race_endings,
    style=Style.RACE,
)

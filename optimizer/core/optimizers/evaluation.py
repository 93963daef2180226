"""An evaluation: candidates that somebody gives are scored as they stand. Nothing is searched."""

from __future__ import annotations

from dataclasses import replace

from optimizer.core.conversation.events import Phase, PhaseStarted, Result, StopReason, noted
from optimizer.core.conversation.requests import BudgetSpent, Conversation, Purpose
from optimizer.core.conversation.spec import Effort, RunSpec, Settings
from optimizer.core.conversation.splits import validation_of
from optimizer.core.optimizers.optimizer import Optimizer, Style
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.runs.board import Board
from optimizer.core.runs.drawn_trials import Draw, drawn_trials
from optimizer.core.runs.run_loop import final_word, result_of, spent_note
from optimizer.core.runs.validation import warnings_of
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies import cost_model


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Score the program as it stands, then everything that was given, with every model; then, where
    there is a test split, what was given on that.
    """
    board = Board(spec, baseline_of(spec.program))
    stop, test = StopReason.COMPLETED, None
    for found in warnings_of(spec):
        yield noted(found)
    try:
        yield from _scored(board)
        test = yield from final_word(board, _chosen(board))
    except BudgetSpent as refusal:
        stop = StopReason.of(refusal.cap)
        yield noted(spent_note(refusal.cap, board))
    return result_of(board, stop, test)


def as_evaluation(spec: RunSpec) -> RunSpec:
    """The spec as one that searches nothing: every validation example is scored, in as many trials
    as it takes. Those of `given` that are the program as it stands are left out.
    """
    baseline = baseline_of(spec.program)
    given = tuple(c for c in dict.fromkeys(spec.given) if c != baseline)
    trials = (1 + len(given)) * (1 + len(spec.further_task_models)) * spec.draws - 1
    settings = Settings(
        effort=Effort.CUSTOM,
        trials=trials,
        max_validation=max(len(spec.validation), 1),
        cut_off_fails=spec.settings.cut_off_fails,
    )
    return replace(spec, optimizer=OPTIMIZER.name, settings=settings, given=given)


def _scored(board: Board) -> Conversation[None]:
    """The run's own model says first whether the program can be read at all."""
    spec = board.spec
    own, further = _draws(spec, 0), [_draws(spec, n + 1) for n in range(_further(spec))]
    yield PhaseStarted(Phase.BASELINE, len(own) * len(validation_of(spec)))
    yield from drawn_trials(board, board.baseline, own, Purpose.BASELINE)
    yield PhaseStarted(Phase.SEARCH, spec.settings.trials + 1 - len(own))
    rest = tuple(draw for draws in further for draw in draws)
    if rest:
        yield from drawn_trials(board, board.baseline, rest)
    for candidate in spec.given:
        yield from drawn_trials(board, candidate, (*own, *rest))


def _draws(spec: RunSpec, model: int) -> tuple[Draw, ...]:
    return tuple(Draw(model, sample) for sample in range(spec.draws))


def _further(spec: RunSpec) -> int:
    return len(spec.further_task_models)


def _chosen(board: Board) -> Candidate | None:
    """Who is looked at on the test split: the only one given, or the best of several."""
    given = board.spec.given
    return given[0] if len(given) == 1 else board.best


OPTIMIZER = Optimizer(
    name="evaluation",
    converse=converse,
    uses=frozenset(),
    uses_instructions=False,
    shown_sets=0,
    steps=cost_model.evaluations,
    asks=cost_model.no_asks,
    kept=cost_model.nothing_kept,
    style=Style.EVALUATION,
)

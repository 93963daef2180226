"""Heats: the race between two rounds of proposals, trial by trial, on a run's board."""

from __future__ import annotations

from optimizer.core.conversation.events import (
    BestChanged,
    ImportancesFound,
    MinibatchScored,
    TrialStarted,
)
from optimizer.core.conversation.requests import (
    Conversation,
    Evaluate,
    Purpose,
    evaluate,
)
from optimizer.core.evaluation.stats import minibatch_score
from optimizer.core.problems import Problem, fine
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.runs.board import Board, is_perfect, select_best
from optimizer.core.runs.run_loop import NothingToGain
from optimizer.core.runs.trials import full_baseline, full_trial, tell_failing
from optimizer.core.search.race import Step
from optimizer.core.search.search import Choice
from optimizer.core.strategies.cost_model import is_tight
from optimizer.core.strategies.race_state import RaceState, common_order

FIRST_BLOCKS = 2
"""Blocks that the baseline is scored on first where the budget is tight."""
WORTHWHILE = 0.0002
"""The race ends when scoring one more candidate fully is expected to gain less than this, 0–1."""
STUCK = 0.1
"""A race is stuck when its leader has stayed for this share of the budget."""
SETTLED_AFTER, LOOK_EVERY = 0.5, 50
"""Nothing is called settled before this share of the budget; examples between two looks."""


def open_race(board: Board) -> Conversation[None]:
    """Score the baseline: fully, or on the first blocks where the budget is too small for that."""
    examples, settings = common_order(board), board.spec.settings
    size = FIRST_BLOCKS * settings.minibatch_size
    first: list[float | None] = []
    if size < len(examples) and is_tight(settings, len(examples)):
        first = yield from _block(board, board.baseline, {}, examples[:size])
    if all(score == 1.0 for score in first):
        yield from full_baseline(board)


def run_heat(track: RaceState, share: float = 1.0) -> Conversation[None]:
    """Race until this share of the budget is spent, nothing is left to see, or going on promises
    no gain. Between two heats the final is not begun.

    Raises:
        NothingToGain: going on is not expected to find a better one; the leader is finished.
    """
    race = track.race
    while race.spent < share * race.budget and (step := race.next()) is not None:
        yield from _take(track, step)
        if is_perfect(track.board):
            return
        if share == 1.0 and _is_settled(track):
            yield from finish(track)
            raise NothingToGain(_settled_note(track))


def run_until_stuck(track: RaceState) -> Conversation[None]:
    """Race on until the leader has stayed for long, going on promises no gain, or to the end."""
    race = track.race
    leader, since = race.front(), race.spent
    while race.spent - since < STUCK * race.budget and (step := race.next()) is not None:
        yield from _take(track, step)
        if is_perfect(track.board) or _is_settled(track):
            return
        if race.front() != leader:
            leader, since = race.front(), race.spent


def finish(track: RaceState) -> Conversation[None]:
    """Score the front on what it has not seen, and crown the best."""
    while (step := track.race.finishing_block()) is not None:
        yield from _take(track, step)
    if select_best(track.board) and track.board.best is not None:
        yield BestChanged(track.board.best_trial, track.board.full[track.board.best])
    importances = track.importances()
    if importances:
        yield ImportancesFound(importances)


def _take(track: RaceState, step: Step) -> Conversation[None]:
    candidate, choice = track.candidate(step.arm), track.choice(step.arm)
    track.scored.setdefault(step.arm, candidate)
    examples = tuple(track.examples[i] for i in step.positions)
    scores = yield from _block(track.board, candidate, choice, examples)
    track.race.tell(step, scores)
    if track.board.fails(candidate):
        track.race.drop(step.arm)
    if track.race.is_complete(step.arm) and candidate not in track.board.full:
        yield from full_trial(track.board, candidate, choice)


def _is_settled(track: RaceState) -> bool:
    """Looked at now and then: whether going on is worth less than its calls."""
    race = track.race
    if race.spent < SETTLED_AFTER * race.budget or race.spent % LOOK_EVERY >= race.block:
        return False
    return race.prospect() < WORTHWHILE


def _settled_note(track: RaceState) -> Problem:
    if track.board.best == track.board.baseline:
        return fine("note.settled_baseline")
    return fine("note.settled")


def _block(
    board: Board, candidate: Candidate, choice: Choice, examples: tuple[Example, ...]
) -> Conversation[list[float | None]]:
    number = board.number
    board.number += 1
    yield TrialStarted(number, False, candidate, choice, len(examples))
    outcomes = yield from evaluate(Evaluate(candidate, examples, Purpose.MINIBATCH))
    board.minibatches.setdefault(candidate, []).append(outcomes)
    board.choices.setdefault(candidate, choice)
    board.unconfirmed = True
    yield MinibatchScored(number, minibatch_score(outcomes))
    yield from tell_failing(board, candidate, number)
    return [o.score.value if o.score is not None else None for o in outcomes]

"""Trials of one candidate with several models, and of several draws: asked all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from optimizer.core.conversation.events import BestChanged, FullScored, TrialStarted
from optimizer.core.conversation.requests import (
    Conversation,
    Evaluate,
    Outcomes,
    Purpose,
    evaluate_together,
)
from optimizer.core.conversation.splits import validation_of
from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.evaluation.stats import full_score
from optimizer.core.programs.candidate import Candidate
from optimizer.core.runs.board import Board, select_best
from optimizer.core.runs.trials import tell_failing


@dataclass(frozen=True)
class Draw:
    """With which of the run's task models, 0 being its own, and the how manieth time."""

    model: int = 0
    sample: int = 0


def drawn_trials(
    board: Board, candidate: Candidate, draws: Sequence[Draw], purpose: Purpose = Purpose.FULL
) -> Conversation[None]:
    """Score a candidate on every validation example, a trial a draw. On the board stands what the
    run's own model makes of it, on average over its draws.
    """
    examples, first = validation_of(board.spec), board.number
    board.number += len(draws)
    board.begun.add(candidate)
    for number in range(first, board.number):
        yield TrialStarted(number, True, candidate, {}, len(examples))
    answers = yield from evaluate_together(
        tuple(Evaluate(candidate, examples, purpose, sample=d.sample, model=d.model) for d in draws)
    )
    own = [a for a, draw in zip(answers, draws, strict=True) if draw.model == 0]
    if own:
        merged = over_draws(own)
        board.full[candidate], board.full_outcomes[candidate] = full_score(merged), merged
        board.full_trials[candidate] = first
    changed = bool(own) and select_best(board)
    for number, answer in enumerate(answers, first):
        yield FullScored(number, full_score(answer), board.estimate if own else None)
    yield from tell_failing(board, candidate, first)
    if changed and board.best is not None:
        yield BestChanged(board.best_trial, board.full[board.best])


def over_draws(draws: Sequence[Outcomes]) -> Outcomes:
    """One outcome an example: its mean score over the draws that have one, or the first error."""
    return tuple(_mean(each) for each in zip(*draws, strict=True))


def _mean(drawn: tuple[Outcome, ...]) -> Outcome:
    scored = [outcome for outcome in drawn if outcome.score is not None]
    if len(drawn) == 1 or not scored:
        return drawn[0]
    values = [outcome.score.value for outcome in scored if outcome.score]
    first = scored[0]
    reason = first.score.reason if first.score else ""
    return replace(first, score=Score(fmean(values), reason))

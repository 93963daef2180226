"""Trials: scoring a candidate on the whole validation split or on a minibatch of it."""

from __future__ import annotations

import random

from optimizer.core.conversation.events import (
    BestChanged,
    FullScored,
    MinibatchScored,
    TrialStarted,
    noted,
)
from optimizer.core.conversation.requests import Conversation, Evaluate, Purpose, evaluate
from optimizer.core.conversation.splits import validation_of
from optimizer.core.evaluation.stats import Estimate, FullScore, full_score, minibatch_score
from optimizer.core.problems import warning
from optimizer.core.programs.candidate import Candidate
from optimizer.core.runs.board import Board, select_best
from optimizer.core.runs.validation import minibatch_warning
from optimizer.core.search.search import Choice


def doubt_minibatches(board: Board) -> Conversation[None]:
    """Warn where minibatches are too small to say much."""
    told = minibatch_warning(board.spec.settings, len(validation_of(board.spec)))
    if told:
        yield noted(told)


def full_baseline(board: Board) -> Conversation[None]:
    """Score the program as it stands on every validation example."""
    yield from full_trial(board, board.baseline, {}, Purpose.BASELINE)


def full_trial(
    board: Board, candidate: Candidate, choice: Choice, purpose: Purpose = Purpose.FULL
) -> Conversation[FullScore]:
    """Score a candidate on every validation example."""
    examples = validation_of(board.spec)
    number = board.number
    board.number += 1
    board.begun.add(candidate)
    yield TrialStarted(number, True, candidate, choice, len(examples))
    outcomes = yield from evaluate(Evaluate(candidate, examples, purpose))
    score = full_score(outcomes)
    board.full[candidate], board.full_outcomes[candidate] = score, outcomes
    board.full_trials[candidate] = number
    board.unconfirmed = False
    changed = select_best(board)
    yield FullScored(number, score, board.estimate)
    yield from tell_failing(board, candidate, number)
    if changed and board.best is not None:
        yield BestChanged(board.best_trial, board.full[board.best])
    return score


def crown_leader(board: Board) -> Conversation[None]:
    """Where the search was cut short, give who leads a full evaluation, and the baseline the rest
    of its own where it was scored on a part: what that takes was kept back.
    """
    leader = board.judge.leader(board)
    if leader is not None and leader != board.baseline and leader not in board.begun:
        yield from full_trial(board, leader, board.choices[leader])
    if board.baseline not in board.begun:
        yield from full_baseline(board)


def minibatch_trial(
    board: Board, candidate: Candidate, choice: Choice, rng: random.Random
) -> Conversation[Estimate]:
    """Score a candidate on a random minibatch of B validation examples."""
    examples = validation_of(board.spec)
    batch = tuple(rng.sample(examples, board.spec.settings.minibatch_size))
    number = board.number
    board.number += 1
    yield TrialStarted(number, False, candidate, choice, len(batch))
    outcomes = yield from evaluate(Evaluate(candidate, batch, Purpose.MINIBATCH))
    score = minibatch_score(outcomes)
    board.minibatches.setdefault(candidate, []).append(outcomes)
    board.choices.setdefault(candidate, choice)
    board.unconfirmed = True
    yield MinibatchScored(number, score)
    yield from tell_failing(board, candidate, number)
    return score


def tell_failing(board: Board, candidate: Candidate, number: int) -> Conversation[None]:
    """Warn, once, that too many of a candidate's calls failed; `number` is its trial just now."""
    if candidate in board.failing or not board.fails(candidate):
        return
    board.failing.add(candidate)
    outcomes = board.outcomes_of(candidate)
    errors = [outcome.error for outcome in outcomes if outcome.error]
    counts = {"trial": number, "failed": len(errors), "n": len(outcomes)}
    yield noted(warning("note.candidate_fails", why=errors[0], **counts))

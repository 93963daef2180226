"""MIPRO's search (the paper's §4): minibatch trials that a surrogate chooses, leaders confirmed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping

from optimizer.core.conversation.events import ImportancesFound, Phase, PhaseStarted, noted
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.splits import validation_of
from optimizer.core.evaluation.stats import Estimate
from optimizer.core.problems import fine, warning
from optimizer.core.programs.candidate import Candidate
from optimizer.core.runs.board import Board, is_perfect
from optimizer.core.runs.trials import doubt_minibatches, full_trial, minibatch_trial
from optimizer.core.search.search import Choice, NewSearch, Search
from optimizer.core.strategies.options import Options


def search_options(board: Board, options: Options, new_search: NewSearch) -> Conversation[None]:
    """MIPRO's search (the paper's §4) over a fixed set of instructions and demo sets."""
    sizes = options.sizes()
    if not sizes:
        yield noted(warning("note.only_baseline"))
        return

    def assembled(choice: Choice, step: int) -> Conversation[tuple[Candidate, Choice]]:
        yield from ()
        return options.assemble(board.baseline, choice), choice

    yield from search_programs(board, sizes, new_search, assembled, math.prod(sizes.values()))


Make = Callable[[Choice, int], Conversation[tuple[Candidate, Choice] | None]]
"""Makes the candidate of a choice at a step (1 is the first), with the choice to show for it; None
when there is nothing to try."""


def search_programs(
    board: Board,
    sizes: Mapping[str, int],
    new_search: NewSearch,
    make: Make,
    programs: int | None = None,
) -> Conversation[None]:
    """T minibatch trials chosen by the surrogate; every S of them, and at the end, the best mean
    not yet fully evaluated gets a full evaluation (the paper's §4).

    With a validation split no larger than a minibatch, every trial is a full evaluation. `programs`
    is how many different ones there are, None without end: when all are fully evaluated, it ends.
    """
    settings = board.spec.settings
    every = settings.full_every
    search = new_search(sizes, board.spec.seed, settings.trials)
    rng = random.Random(f"{board.spec.seed}:minibatches")
    whole = settings.minibatch_size >= len(validation_of(board.spec))
    fulls = 0 if whole else -(-settings.trials // every)
    yield from doubt_minibatches(board)
    yield PhaseStarted(Phase.SEARCH, settings.trials + fulls)
    for step in range(1, settings.trials + 1):
        choice = search.ask()
        made = yield from make(choice, step)
        if made is not None:
            candidate, shown = made
            if whole:
                score = yield from _whole_trial(board, candidate, shown)
            else:
                score = yield from minibatch_trial(board, candidate, shown, rng)
            if score.n:
                search.tell(choice, score)
        if step % every == 0 or step == settings.trials:
            if not whole:
                yield from _confirm_leader(board)
            yield from tell_importances(search)
        if programs is not None and len(board.full) >= programs:
            yield noted(fine("note.all_evaluated", n=programs))
            return
        if is_perfect(board):
            return


def tell_importances(search: Search) -> Conversation[None]:
    """Announce what has mattered so far, where that can be said."""
    importances = search.importances()
    if importances:
        yield ImportancesFound(importances)


def _whole_trial(board: Board, candidate: Candidate, choice: Choice) -> Conversation[Estimate]:
    known = board.full.get(candidate)
    return known if known is not None else (yield from full_trial(board, candidate, choice))


def _confirm_leader(board: Board) -> Conversation[None]:
    leader = board.leader()
    if leader is not None:
        yield from full_trial(board, leader, board.choices[leader])

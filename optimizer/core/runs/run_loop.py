"""A run from its baseline to the final word; it ends with what can be proved."""

from __future__ import annotations

from collections.abc import Callable

from optimizer.core.conversation.events import (
    Phase,
    PhaseStarted,
    Result,
    StopReason,
    TestScored,
    noted,
)
from optimizer.core.conversation.requests import (
    BudgetSpent,
    Cap,
    Conversation,
    Evaluate,
    Purpose,
    evaluate,
    evaluate_together,
)
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.conversation.splits import held_out, validation_of
from optimizer.core.evaluation.stats import compare, full_score
from optimizer.core.problems import Problem, fine, warning
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.runs.board import Board, is_perfect
from optimizer.core.runs.trials import crown_leader, full_baseline
from optimizer.core.runs.validation import headroom_warning, warnings_of


class NothingToGain(Exception):
    """Raised by the body of a run that expects no gain from going on.

    `run_loop` tells why, and ends with StopReason.NO_GAIN and the final word on its best so far.
    """

    def __init__(self, why: Problem) -> None:
        self.why = why
        super().__init__(why)


Body = Callable[[Board], Conversation[None]]


def run_loop(spec: RunSpec, body: Body, opening: Body | None = None) -> Conversation[Result]:
    """Score the baseline, let `body` search, and end with the best fully evaluated candidate.

    `opening` may score the baseline in another way than on every validation example; if nobody has
    done so by the end, that is done for the comparison.

    `body` may stop by itself: it returns, or raises NothingToGain. When the budget ends at any
    request, who leads gets what was kept back for a full evaluation, and the run ends with what has
    been proved then.
    """
    board = Board(spec, baseline_of(spec.program))
    stop = StopReason.COMPLETED
    test = None
    for found in warnings_of(spec):
        yield noted(found)
    try:
        yield PhaseStarted(Phase.BASELINE, len(validation_of(spec)))
        stop = yield from _searched(board, body, opening or full_baseline)
        if board.baseline not in board.full:
            yield from full_baseline(board)
        test = yield from final_word(board, board.best)
    except BudgetSpent as refusal:
        stop = StopReason.of(refusal.cap)
        yield noted(spent_note(refusal.cap, board))
    return result_of(board, stop, test)


def _searched(board: Board, body: Body, opening: Body) -> Conversation[StopReason]:
    """Raises BudgetSpent when the budget ended it; the leader is scored by then, if that went."""
    try:
        yield from opening(board)
        return (yield from _explored(board, body))
    except BudgetSpent as refusal:
        try:
            yield from crown_leader(board)
        except BudgetSpent:
            yield noted(warning("note.leader_unscored"))
        raise refusal from None


def _explored(board: Board, body: Body) -> Conversation[StopReason]:
    if is_perfect(board):
        yield noted(fine("note.perfect_baseline"))
        return StopReason.PERFECT
    short = headroom_warning(board.full_outcomes.get(board.baseline, ()))
    if short:
        yield noted(short)
    try:
        yield from body(board)
    except NothingToGain as reason:
        yield noted(reason.why)
        return StopReason.NO_GAIN
    return StopReason.PERFECT if is_perfect(board) else StopReason.COMPLETED


def final_word(board: Board, chosen: Candidate | None) -> Conversation[TestScored | None]:
    """Baseline and who was chosen side by side on examples that nothing was chosen by, looked at
    once: the sealed test split, or without one the validation examples that scored no candidate.

    A baseline that stays is scored on the test split alone; there is nothing to compare.
    """
    split, examples = held_out(board.spec)
    changed = chosen != board.baseline
    if chosen is None or not examples or not (changed or split == "test"):
        return None
    purpose = Purpose.TEST if split == "test" else Purpose.REMAINDER
    yield PhaseStarted(Phase.FINAL, (1 + changed) * len(examples))
    if changed:
        before, after = yield from evaluate_together(
            (
                Evaluate(board.baseline, examples, purpose),
                Evaluate(chosen, examples, purpose),
            )
        )
    else:
        before = after = yield from evaluate(Evaluate(board.baseline, examples, purpose))
    scored = TestScored(full_score(before), full_score(after), compare(before, after), split)
    yield scored
    return scored


def result_of(board: Board, stop: StopReason, test: TestScored | None) -> Result:
    best = board.best or board.baseline
    comparison = None
    if board.best is not None and board.baseline in board.full_outcomes:
        comparison = compare(board.full_outcomes[board.baseline], board.full_outcomes[best])
    baseline_score = board.full.get(board.baseline)
    return Result(
        best,
        board.best_trial,
        board.full.get(best),
        baseline_score,
        comparison,
        stop,
        test,
        board.estimate,
        tuple(board.judge.estimates(board).items()),
    )


def spent_note(cap: Cap, board: Board) -> Problem:
    """It names the cap, where that is known."""
    time, named = cap is Cap.TIME, {} if cap is Cap.UNNAMED else {"cap": cap.value}
    if board.best is None:
        found = "time_before_baseline" if time else "cap_before_baseline"
    elif board.baseline not in board.full:
        found = "time_without_comparison" if time else "cap_without_comparison"
    else:
        found = "time_ended" if time else "cap_ended"
    return warning(f"note.{found}", **named)

"""Trials: scoring candidates, keeping the board, and ending a run with what can be proved."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from statistics import fmean
from typing import Protocol

from optimizer.core.candidate import Candidate, ModulePrompt, baseline_of
from optimizer.core.demos import DemoSets
from optimizer.core.doubts import doubts
from optimizer.core.events import (
    BestChanged,
    FullScored,
    ImportancesFound,
    MinibatchScored,
    Noted,
    Phase,
    PhaseStarted,
    Result,
    StopReason,
    TestScored,
    TrialStarted,
)
from optimizer.core.proposals import History, Instructions
from optimizer.core.requests import (
    BudgetSpent,
    Conversation,
    Evaluate,
    Outcomes,
    Purpose,
    evaluate,
    evaluate_together,
)
from optimizer.core.search import Choice, NewSearch, Search
from optimizer.core.shrinking import expected_score
from optimizer.core.spec import RunSpec
from optimizer.core.splits import held_out, validation_of
from optimizer.core.stats import Estimate, FullScore, compare, full_score, minibatch_score


@dataclass(frozen=True)
class Options:
    """What a search chooses from: instructions and demo sets by module."""

    instructions: Instructions
    demo_sets: DemoSets | None = None

    def sizes(self) -> dict[str, int]:
        """Number of options by search parameter; parameters without a choice are left out."""
        sizes = {f"{m}:instruction": len(texts) for m, texts in self.instructions.items()}
        if self.demo_sets is not None:
            sizes |= {f"{m}:demos": len(sets) for m, sets in self.demo_sets.by_module.items()}
        return {name: size for name, size in sizes.items() if size > 1}

    def assemble(self, baseline: Candidate, choice: Mapping[str, int]) -> Candidate:
        """The candidate of a choice; a module without demo sets keeps its own demos."""
        modules = {}
        for name, texts in self.instructions.items():
            demos = baseline.modules[name].demos
            if self.demo_sets is not None:
                demos = self.demo_sets.by_module[name][choice.get(f"{name}:demos", 0)]
            modules[name] = ModulePrompt(texts[choice.get(f"{name}:instruction", 0)], demos)
        return Candidate(modules)


@dataclass
class Board:
    """What a run knows of its candidates so far. Minibatch and full scores are kept apart."""

    spec: RunSpec
    baseline: Candidate
    number: int = 0
    minibatches: dict[Candidate, list[Outcomes]] = field(default_factory=dict)
    choices: dict[Candidate, Choice] = field(default_factory=dict)
    full: dict[Candidate, FullScore] = field(default_factory=dict)
    full_outcomes: dict[Candidate, Outcomes] = field(default_factory=dict)
    full_trials: dict[Candidate, int] = field(default_factory=dict)
    best: Candidate | None = None
    estimate: Estimate | None = None
    """What the best will score on new examples."""
    judge: Judge = field(default_factory=lambda: HighestMean())

    @property
    def best_trial(self) -> int:
        """The full evaluation of the best; 0, the baseline's, while there is none."""
        return self.full_trials.get(self.best, 0) if self.best is not None else 0

    def leader(self) -> Candidate | None:
        """The highest mean minibatch score among candidates not yet fully evaluated."""
        waiting = [c for c in self.minibatches if c not in self.full and self._mean(c).n]
        return max(waiting, key=lambda c: self._mean(c).mean, default=None)

    def history(self) -> History:
        """Every module's fully evaluated instructions, ascending by the mean score of the programs
        that each was part of.
        """
        found: dict[str, dict[str, list[float]]] = {}
        for texts, score in self.program_history():
            for name, text in texts.items():
                if text.strip():
                    found.setdefault(name, {}).setdefault(text, []).append(score)
        return {
            name: tuple(sorted(((text, fmean(s)) for text, s in tried.items()), key=itemgetter(1)))
            for name, tried in found.items()
        }

    def program_history(self) -> list[tuple[dict[str, str], float]]:
        """Fully evaluated programs, their instructions by module, ascending by score."""
        scored = [(c, score.mean) for c, score in self.full.items() if score.n]
        return [
            ({name: prompt.instruction for name, prompt in candidate.modules.items()}, mean)
            for candidate, mean in sorted(scored, key=itemgetter(1))
        ]

    def _mean(self, candidate: Candidate) -> Estimate:
        batches = self.minibatches[candidate]
        return minibatch_score([outcome for batch in batches for outcome in batch])


class Judge(Protocol):
    """Says which fully evaluated candidate is the best; an optimizer that knows more than their
    mean scores brings its own.
    """

    def best(self, board: Board) -> Candidate | None: ...

    def estimate(self, board: Board) -> Estimate | None:
        """What `board.best` will score on new examples."""


class HighestMean:
    """The highest mean score on the validation split wins; the earlier one of equals."""

    def best(self, board: Board) -> Candidate | None:
        scored = [candidate for candidate, score in board.full.items() if score.n]
        return max(scored, key=lambda candidate: board.full[candidate].mean, default=None)

    def estimate(self, board: Board) -> Estimate | None:
        if board.best is None:
            return None
        return expected_score(board.full, board.full_outcomes, board.best)


class NothingToGain(Exception):
    """Raised by the body of a run that expects no gain from going on; the reason is a sentence for
    people. `conduct` ends the run with StopReason.NO_GAIN and the final word on its best so far.
    """


Body = Callable[["Board"], Conversation[None]]


def conduct(spec: RunSpec, body: Body, opening: Body | None = None) -> Conversation[Result]:
    """Score the baseline, let `body` search, and end with the best fully evaluated candidate.

    `opening` may score the baseline in another way than on every validation example; if nobody has
    done so by the end, that is done for the comparison.

    `body` may stop by itself: it returns, or raises NothingToGain. When the budget ends at any
    request, the run ends with what has been proved until then.
    """
    board = Board(spec, baseline_of(spec.program))
    stop = StopReason.COMPLETED
    test = None
    for doubt in doubts(spec):
        yield Noted(doubt, warning=True)
    try:
        yield PhaseStarted(Phase.BASELINE, len(validation_of(spec)))
        yield from (opening or full_baseline)(board)
        stop = yield from _searched(board, body)
        if board.baseline not in board.full:
            yield from full_baseline(board)
        test = yield from final_word(board)
    except BudgetSpent as refusal:
        stop = StopReason(refusal.reason)
        yield Noted(_spent_note(stop, board), warning=True)
    return _result(board, stop, test)


def full_baseline(board: Board) -> Conversation[None]:
    """Score the program as it stands on every validation example."""
    yield from full_trial(board, board.baseline, {}, Purpose.BASELINE)


def _searched(board: Board, body: Body) -> Conversation[StopReason]:
    if is_perfect(board):
        yield Noted("The baseline is right on every validation example: nothing to improve.")
        return StopReason.PERFECT
    try:
        yield from body(board)
    except NothingToGain as found:
        yield Noted(str(found))
        return StopReason.NO_GAIN
    return StopReason.PERFECT if is_perfect(board) else StopReason.COMPLETED


def full_trial(
    board: Board, candidate: Candidate, choice: Choice, purpose: Purpose = Purpose.FULL
) -> Conversation[FullScore]:
    """Score a candidate on every validation example."""
    examples = validation_of(board.spec)
    number = board.number
    board.number += 1
    yield TrialStarted(number, True, candidate, choice, len(examples))
    outcomes = yield from evaluate(Evaluate(candidate, examples, purpose))
    score = full_score(outcomes)
    board.full[candidate], board.full_outcomes[candidate] = score, outcomes
    board.full_trials[candidate] = number
    changed = crown(board)
    yield FullScored(number, score, board.estimate)
    if changed and board.best is not None:
        yield BestChanged(board.best_trial, board.full[board.best])
    return score


def crown(board: Board) -> bool:
    """Let the judge name the best fully evaluated candidate; whether it is another than before."""
    best = board.judge.best(board)
    changed = best != board.best
    board.best = best
    board.estimate = board.judge.estimate(board)
    return changed


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
    yield MinibatchScored(number, score)
    return score


def search_options(board: Board, options: Options, new_search: NewSearch) -> Conversation[None]:
    """MIPRO's search (the paper's §4) over a fixed set of instructions and demo sets."""
    sizes = options.sizes()
    if not sizes:
        yield Noted("There is only the baseline to choose from: no search is needed.", warning=True)
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
            yield Noted(
                f"All {programs} combinations are fully evaluated: no other is left to try."
            )
            return
        if is_perfect(board):
            return


def tell_importances(search: Search) -> Conversation[None]:
    """Announce what has mattered so far, where that can be said."""
    importances = search.importances()
    if importances:
        yield ImportancesFound(importances)


def final_word(board: Board) -> Conversation[TestScored | None]:
    """Baseline and best side by side on examples that nothing was chosen by, looked at once: the
    sealed test split, or without one the validation examples that scored no candidate.

    A baseline that stays is scored on the test split alone; there is nothing to compare.
    """
    split, examples = held_out(board.spec)
    changed = board.best != board.baseline
    if board.best is None or not examples or not (changed or split == "test"):
        return None
    purpose = Purpose.TEST if split == "test" else Purpose.REMAINDER
    yield PhaseStarted(Phase.FINAL, (1 + changed) * len(examples))
    if changed:
        before, after = yield from evaluate_together(
            (
                Evaluate(board.baseline, examples, purpose),
                Evaluate(board.best, examples, purpose),
            )
        )
    else:
        before = after = yield from evaluate(Evaluate(board.baseline, examples, purpose))
    scored = TestScored(full_score(before), full_score(after), compare(before, after), split)
    yield scored
    return scored


def _whole_trial(board: Board, candidate: Candidate, choice: Choice) -> Conversation[Estimate]:
    known = board.full.get(candidate)
    return known if known is not None else (yield from full_trial(board, candidate, choice))


def _confirm_leader(board: Board) -> Conversation[None]:
    leader = board.leader()
    if leader is not None:
        yield from full_trial(board, leader, board.choices[leader])


def is_perfect(board: Board) -> bool:
    if board.best is None:
        return False
    best = board.full[board.best]
    return best.n > 0 and best.errors == 0 and best.mean >= 1.0


def _result(board: Board, stop: StopReason, test: TestScored | None) -> Result:
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
    )


def _spent_note(stop: StopReason, board: Board) -> str:
    what = "time" if stop is StopReason.TIME else "budget"
    if board.best is None:
        return f"The {what} ended before the baseline was scored: raise the cap to get a result."
    return f"The {what} ended here; the best fully evaluated candidate so far is kept."

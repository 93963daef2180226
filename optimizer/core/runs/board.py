"""The board of a run: what is known of its candidates, and the judge who names the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from statistics import fmean
from typing import Protocol

from optimizer.core.conversation.requests import Outcomes
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.shrinkage import expected_score, expected_scores
from optimizer.core.evaluation.stats import Estimate, FullScore, minibatch_score
from optimizer.core.instructions.proposals import History
from optimizer.core.programs.candidate import Candidate
from optimizer.core.search.search import Choice

TOLERATED = 0.1
"""Share of failed examples, beyond the baseline's, with which a candidate can still be compared."""


def too_many_fail(failed: Sequence[bool], usual: Sequence[bool]) -> bool:
    """Whether so many examples failed, against the `usual`, that the others tell nothing."""
    tolerated = TOLERATED + (fmean(usual) if usual else 0.0)
    return sum(failed) > 1 and fmean(failed) > tolerated


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
    begun: set[Candidate] = field(default_factory=set)
    """Whose full evaluation was asked for, whether or not it was answered."""
    unconfirmed: bool = False
    """Whether a minibatch was scored since the last full evaluation."""
    failing: set[Candidate] = field(default_factory=set)
    """Of whom it was told that too many of their calls failed."""
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
        waiting = [
            c
            for c in self.minibatches
            if c not in self.full and self._mean(c).n and not self.fails(c)
        ]
        return max(waiting, key=lambda c: self._mean(c).mean, default=None)

    def fails(self, candidate: Candidate) -> bool:
        """Whether so many of its calls failed that its score, which is of the others alone, can be
        compared with nobody's. Never true of the baseline: it is what there is.
        """
        failed = [outcome.score is None for outcome in self.outcomes_of(candidate)]
        usual = [outcome.score is None for outcome in self.outcomes_of(self.baseline)]
        return candidate != self.baseline and too_many_fail(failed, usual)

    def outcomes_of(self, candidate: Candidate) -> Outcomes:
        """On all validation examples, or on those of its minibatches so far."""
        return self.full_outcomes.get(candidate) or self._minibatch_outcomes(candidate)

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
        return minibatch_score(self._minibatch_outcomes(candidate))

    def _minibatch_outcomes(self, candidate: Candidate) -> Outcomes:
        return tuple(o for batch in self.minibatches.get(candidate, ()) for o in batch)


class Judge(Protocol):
    """Says which fully evaluated candidate is the best; an optimizer that knows more than their
    mean scores brings its own.
    """

    def best(self, board: Board) -> Candidate | None: ...

    def estimate(self, board: Board) -> Estimate | None:
        """What `board.best` will score on new examples."""

    def estimates(self, board: Board) -> dict[Candidate, Estimate]:
        """The same of all that are fully evaluated."""

    def leader(self, board: Board) -> Candidate | None:
        """Whose full evaluation should be the last, where the search is cut short; None where it
        is done.
        """


class HighestMean:
    """The highest mean score on the validation split wins; the earlier one of equals."""

    def best(self, board: Board) -> Candidate | None:
        scored = [c for c, score in board.full.items() if score.n and not board.fails(c)]
        return max(scored, key=lambda candidate: board.full[candidate].mean, default=None)

    def estimate(self, board: Board) -> Estimate | None:
        if board.best is None:
            return None
        return expected_score(board.full, board.full_outcomes, board.best)

    def estimates(self, board: Board) -> dict[Candidate, Estimate]:
        scored = [c for c, score in board.full.items() if score.n and not board.fails(c)]
        return expected_scores(board.full, board.full_outcomes, scored)

    def leader(self, board: Board) -> Candidate | None:
        """Nobody right after a full evaluation: it was the leader's."""
        return board.leader() if board.unconfirmed else None


def select_best(board: Board) -> bool:
    """Let the judge name the best fully evaluated candidate; whether it is another than before."""
    best = board.judge.best(board)
    changed = best != board.best
    board.best = best
    board.estimate = board.judge.estimate(board)
    return changed


def is_perfect(board: Board) -> bool:
    if board.best is None:
        return False
    best = board.full[board.best]
    return best.n > 0 and best.errors == 0 and best.mean >= 1.0

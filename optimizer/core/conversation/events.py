"""Announcements of a run, one frozen class each; each becomes a row and rings the doorbell."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from optimizer.core.conversation.requests import Cap
from optimizer.core.evaluation.stats import Comparison, Estimate, FullScore, MinibatchScore
from optimizer.core.problems import Level, Message, Problem
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import Demos


class Phase(StrEnum):
    BASELINE = "baseline"
    BOOTSTRAP = "bootstrap"
    PROPOSE = "propose"
    SEARCH = "search"
    FINAL = "final"


class StopReason(StrEnum):
    COMPLETED = "completed"
    PERFECT = "perfect"
    NO_GAIN = "no_gain"
    BUDGET = "budget"
    TIME = "time"

    @classmethod
    def of(cls, cap: Cap) -> StopReason:
        return cls.TIME if cap is Cap.TIME else cls.BUDGET


@dataclass(frozen=True)
class PhaseStarted:
    """`steps`: how many examples, proposals or trials the phase is expected to take."""

    phase: Phase
    steps: int = 0
    kind: Literal["phase_started"] = field(default="phase_started")


@dataclass(frozen=True)
class Noted:
    """Something worth telling (fewer demos than hoped, a proposal redrawn)."""

    message: Message
    warning: bool = False
    kind: Literal["noted"] = field(default="noted")


def noted(told: Problem) -> Noted:
    return Noted(told, warning=told.level is not Level.OK)


@dataclass(frozen=True)
class DemoSetFound:
    """Demo set `index` of a module (0 = no demos), and where it came from in a few words."""

    module: str
    index: int
    demos: Demos
    source: str
    kind: Literal["demo_set_found"] = field(default="demo_set_found")


@dataclass(frozen=True)
class InstructionProposed:
    """Instruction `index` of a module (0 = the current one); `source` names the tip or origin."""

    module: str
    index: int
    instruction: str
    source: str
    kind: Literal["instruction_proposed"] = field(default="instruction_proposed")


@dataclass(frozen=True)
class InstructionDescended:
    """What instruction `index` of a module was made of: it rewrites `parent`, beside the attempts
    `shown`, all by their index.

    `edited`: words in which it differs from its parent, of at most `budget`; 0 where it had none.
    """

    module: str
    index: int
    parent: int
    shown: tuple[int, ...]
    edited: int
    budget: int = 0
    kind: Literal["instruction_descended"] = field(default="instruction_descended")


@dataclass(frozen=True)
class StepAsked:
    """The very prompt that all instructions of a step are drawn from; steps count from 0."""

    step: int
    module: str
    prompt: str
    kind: Literal["step_asked"] = field(default="step_asked")


@dataclass(frozen=True)
class ProposalRefused:
    """A proposed instruction that is not tried, and why; no trial was spent on it."""

    module: str
    instruction: str
    reason: Message
    source: str
    kind: Literal["proposal_refused"] = field(default="proposal_refused")


@dataclass(frozen=True)
class TrialStarted:
    """`choice` maps each parameter ("classify:instruction", "classify:demos") to its option."""

    number: int
    full: bool
    candidate: Candidate
    choice: dict[str, int]
    size: int
    kind: Literal["trial_started"] = field(default="trial_started")


@dataclass(frozen=True)
class MinibatchScored:
    number: int
    score: MinibatchScore
    kind: Literal["minibatch_scored"] = field(default="minibatch_scored")


@dataclass(frozen=True)
class FullScored:
    """`expected`: what the best candidate so far will score on new examples (`shrinking`)."""

    number: int
    score: FullScore
    expected: Estimate | None = None
    kind: Literal["full_scored"] = field(default="full_scored")


@dataclass(frozen=True)
class BestChanged:
    """The best fully evaluated candidate so far (trial 0 is the baseline)."""

    number: int
    score: FullScore
    kind: Literal["best_changed"] = field(default="best_changed")


@dataclass(frozen=True)
class ImportancesFound:
    """How much each search parameter has mattered so far: shares that sum to 1."""

    importances: dict[str, float]
    kind: Literal["importances_found"] = field(default="importances_found")


@dataclass(frozen=True)
class RewriteJudged:
    """What it brought to show the writer this card's rewriting: the effect on the scores of what
    was written, in 0–1, as it is believed after `n` instructions, with its standard deviation.
    """

    card: str
    effect: float
    deviation: float
    n: int
    kind: Literal["rewrite_judged"] = field(default="rewrite_judged")


@dataclass(frozen=True)
class TestScored:
    """The final word: baseline and best on examples that nothing was chosen by.

    `split`: the sealed test split, or the remainder of the validation split.
    """

    baseline: FullScore
    best: FullScore
    comparison: Comparison
    split: Literal["test", "remainder"] = "test"
    kind: Literal["test_scored"] = field(default="test_scored")


Event = (
    PhaseStarted
    | Noted
    | DemoSetFound
    | InstructionProposed
    | InstructionDescended
    | StepAsked
    | ProposalRefused
    | TrialStarted
    | MinibatchScored
    | FullScored
    | BestChanged
    | ImportancesFound
    | RewriteJudged
    | TestScored
)


@dataclass(frozen=True)
class Result:
    """What a conversation ends with: the best fully evaluated candidate, the baseline included.

    `best_score` and `baseline_score` are None when the budget ended before the baseline was scored.
    `comparison` pairs best with baseline on the validation examples. `estimate` is what the best
    is expected to score on new examples: its score without the luck of being chosen; `estimates`
    say the same of all that were fully evaluated, by the same reckoning.
    """

    best: Candidate
    best_trial: int
    best_score: FullScore | None
    baseline_score: FullScore | None
    comparison: Comparison | None
    stop: StopReason
    test: TestScored | None = None
    estimate: Estimate | None = None
    estimates: tuple[tuple[Candidate, Estimate], ...] = ()

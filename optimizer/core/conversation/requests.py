"""The two things an optimizer asks of the world, and the refusal it may get (architecture §1)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeVar, cast

from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import digest_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import EmbeddingModel, Prompt, Role

if TYPE_CHECKING:
    from optimizer.core.conversation.events import Event


class Purpose(StrEnum):
    """What an evaluation is for; minibatch and full scores never meet in one figure."""

    BASELINE = "baseline"
    BOOTSTRAP = "bootstrap"
    REFLECTION = "reflection"
    MINIBATCH = "minibatch"
    FULL = "full"
    FINAL = "final"
    TEST = "test"
    REMAINDER = "remainder"
    TRYOUT = "tryout"
    MEASUREMENT = "measurement"


EXPLORING = frozenset({Purpose.BOOTSTRAP, Purpose.REFLECTION, Purpose.MINIBATCH})
"""Purposes of evaluations that a run can end without."""


@dataclass(frozen=True)
class Evaluate:
    """Run a candidate on examples. The answer is one Outcome per example, in the same order.

    `sample` asks for another draw of the same calls where the temperature is above 0. `model` is 0
    for the role's model, n for the n-th of its further ones.
    """

    candidate: Candidate
    examples: tuple[Example, ...]
    purpose: Purpose
    role: Role = Role.TASK
    sample: int = 0
    temperature: float | None = None
    model: int = 0
    kind: Literal["evaluate"] = field(default="evaluate")

    @property
    def explores(self) -> bool:
        """Whether a run can end well without it: of its caps, what the last full evaluation takes
        is kept back from such requests.
        """
        return self.purpose in EXPLORING

    @property
    def digest(self) -> str:
        ids = [example.id for example in self.examples]
        rest = [self.purpose, self.role, self.sample, self.temperature]
        which = [self.model] if self.model else []
        return digest_of(["evaluate", self.candidate.digest, ids, rest, *which])


@dataclass(frozen=True)
class Ask:
    """Say prompts to the optimizer model (the paper's proposer); the answer is a text each,
    or what came instead of one.

    `model` is 0 for the run's optimizer model, n for the n-th of its further ones. `embedding`: a
    model that is given the prompts' texts in its place; it answers with the length of a vector.
    """

    prompts: tuple[Prompt, ...]
    purpose: str
    model: int = 0
    embedding: EmbeddingModel | None = None
    kind: Literal["ask", "consult"] = field(default="ask")

    @property
    def explores(self) -> bool:
        """As of an evaluation: what is written now is tried later."""
        return True

    @property
    def digest(self) -> str:
        prompts = [
            [[m.role, m.content] for m in p.messages] + [p.temperature, p.max_tokens, p.sample]
            for p in self.prompts
        ]
        which: list[object] = [self.model] if self.model else []
        if self.embedding:
            which.append([self.embedding.provider, self.embedding.model])
        return digest_of(["ask", self.purpose, prompts, *which])


@dataclass(frozen=True)
class Consult(Ask):
    """Ask people instead of a model: what they wish of the history that a writer reads, as it
    stands when it is asked. The answer is a text a wish (`history_board.Wish.told`), none where
    nobody wished anything.
    """

    prompts: tuple[Prompt, ...] = ()
    purpose: str = "wishes of the history"
    kind: Literal["ask", "consult"] = field(default="consult")


@dataclass(frozen=True)
class Unfinished:
    """What came instead of a text: cut off, refused or withheld, as `finish` says."""

    text: str
    finish: str


Request = Evaluate | Ask
Outcomes = tuple[Outcome, ...]
Replies = tuple[str | Unfinished, ...]
Answer = Outcomes | Replies | tuple[Outcomes | Replies, ...] | None
"""Outcomes for Evaluate, texts for Ask, a tuple of these for several requests, None for events."""

T = TypeVar("T")
Conversation = Generator["Request | tuple[Request, ...] | Event", Answer, T]


class Cap(StrEnum):
    """What a run may take at most, and has taken."""

    CALLS = "calls"
    COST = "cost"
    TIME = "time"
    UNNAMED = "budget"


class BudgetSpent(Exception):
    """Thrown into the conversation instead of an answer: this will not be paid for.

    After a request that explores, what was kept back for the last full evaluation is still there.
    """

    def __init__(self, cap: Cap = Cap.UNNAMED) -> None:
        self.cap = cap
        super().__init__(cap)


def evaluate(request: Evaluate) -> Conversation[Outcomes]:
    """Ask one evaluation; returns its outcomes."""
    return cast(Outcomes, (yield request))


def evaluate_together(requests: tuple[Evaluate, ...]) -> Conversation[tuple[Outcomes, ...]]:
    """Ask several evaluations at once; they are answered concurrently."""
    return cast(tuple[Outcomes, ...], (yield requests))


def ask(request: Ask) -> Conversation[Replies]:
    """Say prompts to the optimizer model; returns one text per prompt."""
    return cast(Replies, (yield request))

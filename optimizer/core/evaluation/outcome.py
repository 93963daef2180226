"""Outcomes: what became of one candidate on one example."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.core.programs.signature import Value


@dataclass(frozen=True)
class PartScore:
    """What one part of a metric says: `value` in 0–1 and the reason in words."""

    name: str
    value: float
    reason: str = ""


@dataclass(frozen=True)
class Score:
    """A metric's judgement: `value` in 0–1, the reason in words, and what it is made of, where it
    is made of parts. `cost` is what judging took, in micro-USD.
    """

    value: float
    reason: str = ""
    parts: tuple[PartScore, ...] = ()
    cost: int = 0


@dataclass(frozen=True)
class CallTrace:
    """One use of a module as it happened: typed values in and out, and the reply as it came. A call
    that draws several samples, is repeated or takes turns gives one of each.

    The messages are `render(module, prompt, inputs)` again.
    `problem` says why the reply could not be read, "" when it could. `made` is False where the
    call's condition did not hold: it has no values then. `turn` is True of a turn on the way to an
    answer, which a kind of module that takes turns has before it.
    """

    call: str
    module: str
    inputs: dict[str, Value]
    outputs: dict[str, Value]
    reply: str
    problem: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: int = 0
    seconds: float = 0.0
    cached: bool = False
    priced: bool = True
    made: bool = True
    turn: bool = False


@dataclass(frozen=True)
class Prediction:
    """A program's outputs on one example and the trace behind them.

    `problem` says which reply could not be read, "" when all were; `outputs` is then empty.
    `answered` is False where that reply did not end as an answer does, `cut_off` where it broke off
    at its limit of tokens.
    """

    outputs: dict[str, Value]
    trace: tuple[CallTrace, ...] = ()
    problem: str = ""
    answered: bool = True
    cut_off: bool = False


@dataclass(frozen=True)
class Outcome:
    """One candidate on one example.

    Exactly one of `score` and `error` is set: a failed call is never a score of 0.
    `outputs` are the program's outputs, empty when a reply could not be read.
    `said` is what the provider answered instead of a reply, for those who may read its words.
    `cost` is in micro-USD, `seconds` is the time of the model's calls. `asked_again`: a call failed
    in passing, and the example was run once more before this counted.
    """

    example_id: str
    score: Score | None
    outputs: dict[str, Value]
    trace: tuple[CallTrace, ...]
    error: str = ""
    said: str = ""
    asked_again: bool = False

    def __post_init__(self) -> None:
        if (self.score is None) == (not self.error):
            raise ValueError("an outcome has either a score or an error")

    @property
    def made(self) -> tuple[CallTrace, ...]:
        """The trace without the calls that were not made."""
        return tuple(call for call in self.trace if call.made)

    @property
    def tokens(self) -> int:
        return sum(call.prompt_tokens + call.completion_tokens for call in self.trace)

    @property
    def cost(self) -> int:
        return sum(call.cost for call in self.trace)

    @property
    def judged_cost(self) -> int:
        """What the program and its judges took."""
        return self.cost + (self.score.cost if self.score else 0)

    @property
    def unpriced(self) -> int:
        """Calls whose price was not known, so that their cost is missing."""
        return sum(not call.priced for call in self.trace)

    @property
    def seconds(self) -> float:
        return sum(call.seconds for call in self.trace)

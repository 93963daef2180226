"""Usage: answering took no more than it may, in dollars, seconds or tokens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from optimizer.core.evaluation.assertion import Assertion
from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import CallTrace, Prediction, Score
from optimizer.core.programs.example import Example
from optimizer.core.programs.steps import Steps

_MICRO = 1_000_000


class Spent(StrEnum):
    """What is measured: dollars, seconds of the calls one after the other, tokens of the prompts,
    or tokens of the replies.
    """

    COST = "cost"
    LATENCY = "latency"
    PROMPT_TOKENS = "prompt_tokens"
    COMPLETION_TOKENS = "completion_tokens"


@dataclass(frozen=True)
class UsageLimit(Metric):
    """1 up to `most`, then most ÷ spent: twice as much is a half. A call that was answered from
    what was paid before counts with what it cost and took then.
    """

    kind: Literal["usage_limit"] = "usage_limit"
    spent: Spent = Spent.COST
    most: float = 0.0

    needs_output: ClassVar[bool] = False
    needs_expected: ClassVar[bool] = False
    knows_output: ClassVar[bool] = False
    knows_expected: ClassVar[bool] = False

    @classmethod
    def of_assertion(cls, said: Assertion) -> UsageLimit | None:
        """Its limits are in milliseconds and in dollars."""
        unit = {"latency": (Spent.LATENCY, 1000.0), "cost": (Spent.COST, 1.0)}.get(said.kind)
        if unit is None or said.most is None:
            return None
        return cls("", "", spent=unit[0], most=said.most / unit[1])

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        yield from ()
        made = [call for call in prediction.trace if call.made]
        if self.spent is Spent.COST and not all(call.priced for call in made):
            raise NoScore("the price of a call is not known; enter the model's prices")
        taken = sum(_taken(call, self.spent) for call in made)
        told = f"{taken:.6g} {_UNITS[self.spent]}"
        if taken <= self.most:
            return Score(1.0, told)
        return Score(self.most / taken, f"{told}, at most {self.most:.6g} are wanted")


_UNITS = {
    Spent.COST: "dollars",
    Spent.LATENCY: "seconds",
    Spent.PROMPT_TOKENS: "prompt tokens",
    Spent.COMPLETION_TOKENS: "completion tokens",
}


def _taken(call: CallTrace, spent: Spent) -> float:
    if spent is Spent.COST:
        return call.cost / _MICRO
    if spent is Spent.LATENCY:
        return call.seconds
    return call.prompt_tokens if spent is Spent.PROMPT_TOKENS else call.completion_tokens

"""Custom code: a function of the user's own judges, in the sandbox."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import CallTrace, PartScore, Prediction, Score
from optimizer.core.programs.example import Example
from optimizer.core.programs.steps import RunCode, Steps, call_code

FUNCTION, ARGUMENTS = "metric", ("example", "prediction", "trace")
REASON = 2000
"""Characters of a reason that are kept."""


@dataclass(frozen=True)
class CustomCode(Metric):
    """`source` defines `metric(example, prediction, trace)`: the example's columns and the
    program's outputs by name, and every call of a module. It returns True or False, a number from
    0 to 1, such a number with a reason, or {"part": number}, whose mean is the score.
    """

    kind: Literal["custom_code"] = "custom_code"
    source: str = ""

    needs_output: ClassVar[bool] = False
    needs_expected: ClassVar[bool] = False

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        arguments = {
            "example": {**example.inputs, **example.expected},
            "prediction": prediction.outputs,
            "trace": [_told(call) for call in prediction.trace],
        }
        answer = yield from call_code(RunCode(self.source, FUNCTION, arguments))
        if answer.problem is not None:
            raise NoScore(answer.told or answer.problem.code)
        return score_in(answer.value)


def score_in(told: Any) -> Score:
    """A judgement as code may tell it.

    Raises:
        NoScore: it is nothing of these.
    """
    if isinstance(told, dict) and told:
        parts = tuple(PartScore(str(name)[:80], _share(value)) for name, value in told.items())
        said = ", ".join(f"{part.name} {100 * part.value:.0f}" for part in parts)
        return Score(math.fsum(p.value for p in parts) / len(parts), said[:REASON], parts)
    if isinstance(told, list) and len(told) == 2 and isinstance(told[1], str):
        return Score(_share(told[0]), told[1][:REASON])
    return Score(_share(told))


def _share(value: Any) -> float:
    if isinstance(value, bool | int | float) and math.isfinite(value) and 0 <= value <= 1:
        return float(value)
    raise NoScore(
        f"the metric returned {str(value)[:60]}; it must return True or False, a number from 0 to "
        "1, (number, reason), or parts with such numbers"
    )


def _told(call: CallTrace) -> dict[str, Any]:
    return {
        "call": call.call, "module": call.module, "inputs": call.inputs, "outputs": call.outputs,
        "reply": call.reply,
    }  # fmt: skip

"""What metrics that judge the answer alone have in common: nothing is expected."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value
from optimizer.core.programs.steps import Steps


@dataclass(frozen=True)
class Rule(Metric):
    """Asks nobody, and needs no column: the score follows from the answer."""

    needs_expected: ClassVar[bool] = False
    knows_expected: ClassVar[bool] = False

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        yield from ()
        return self.ruled(prediction.outputs.get(self.output))

    @abstractmethod
    def ruled(self, given: Value) -> Score: ...

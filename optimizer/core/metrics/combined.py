"""Combined: several parts, each a metric of its own, and one objective."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.evaluation.program_metric import ProgramMetric
from optimizer.core.metrics.parts import Objective, Part, part_problems, together
from optimizer.core.problems import Problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import EmbeddingModel
from optimizer.core.programs.program import Program
from optimizer.core.programs.steps import Steps, side_by_side


@dataclass(frozen=True)
class Combined(Metric):
    """All parts are scored, side by side; `objective` makes one number of those that are weighted.
    An answer that one part cannot judge has no score.
    """

    kind: Literal["combined"] = "combined"
    parts: tuple[Part, ...] = ()
    objective: Objective = Objective.MEAN

    needs_output: ClassVar[bool] = False
    needs_expected: ClassVar[bool] = False
    knows_output: ClassVar[bool] = False
    knows_expected: ClassVar[bool] = False

    @property
    def singles(self) -> tuple[Metric, ...]:
        return tuple(part.metric for part in self.parts)

    @property
    def judges(self) -> tuple[ProgramMetric, ...]:
        return tuple(judge for metric in self.singles for judge in metric.judges)

    def with_judge(self, before: ProgramMetric, after: ProgramMetric) -> Metric:
        changed = (
            replace(part, metric=part.metric.with_judge(before, after)) for part in self.parts
        )
        return replace(self, parts=tuple(changed))

    @property
    def lm_calls(self) -> int:
        return sum(metric.lm_calls for metric in self.singles)

    @property
    def embedding_models(self) -> tuple[EmbeddingModel, ...]:
        return tuple(model for metric in self.singles for model in metric.embedding_models)

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        scores = yield from side_by_side([m.score(example, prediction) for m in self.singles])
        whole = together(self.parts, scores, self.objective)
        return replace(whole, cost=sum(score.cost for score in scores))

    def problems(self, program: Program, columns: set[str]) -> list[Problem]:
        own = part_problems(self.parts)
        each = (
            fault.at(f"parts.{number}")
            for number, metric in enumerate(self.singles)
            for fault in metric.problems(program, columns)
        )
        return own or list(each)

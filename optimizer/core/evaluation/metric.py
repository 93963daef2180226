"""Metrics: how one output of a program is judged, as a score in 0–1 with a reason."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from optimizer.core.evaluation.assertion import Assertion
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import EmbeddingModel, OwnModel
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, Value
from optimizer.core.programs.steps import Steps

if TYPE_CHECKING:
    from optimizer.core.evaluation.program_metric import ProgramMetric


class NoScore(Exception):
    """The metric could not judge an answer; the message says why. That is no score of 0."""


@dataclass(frozen=True)
class Metric(ABC):
    """Judges the program's `output` by the dataset's `expected` column. Its kind is its class;
    `optimizer.core.metrics` has them all. An `expected` of "" is no column, for kinds that can do
    without one.

    `threshold` is the score from which a bootstrapped trace counts as a success (λ, §3.1).
    `tolerance` is the largest absolute difference that still counts as right, where numbers are
    compared. All kinds have it, as it is in the bytes that digests of versions were taken of.
    """

    output: str
    expected: str
    kind: str = ""
    tolerance: float = 0.0
    threshold: float = 1.0

    needs_output: ClassVar[bool] = True
    """Whether it judges one output; else it looks at all that the program gave."""
    needs_expected: ClassVar[bool] = True
    """Whether it compares with a column. One that does not may have "" for it."""

    knows_output: ClassVar[bool] = True
    knows_expected: ClassVar[bool] = True
    """Whether it does something with an output, and with a column, where they are named."""
    newer: ClassVar[tuple[str, ...]] = ()
    """Settings that its kind did not have at first: files leave them out where they say nothing."""

    @property
    def singles(self) -> tuple[Metric, ...]:
        """The metrics that it is made of: itself, or its parts."""
        return (self,)

    @property
    def columns(self) -> dict[str, str]:
        """Of the outputs that are compared, the dataset's column of each; the first one counts."""
        pairs = [(m.output, m.expected) for m in self.singles if m.output and m.expected]
        return dict(reversed(pairs))

    @property
    def expects(self) -> tuple[str, ...]:
        """The dataset's columns that are compared with."""
        return tuple(dict.fromkeys(m.expected for m in self.singles if m.expected))

    @property
    def lm_calls(self) -> int:
        """Calls to a model that scoring one example takes."""
        return 0

    @property
    def embedding_models(self) -> tuple[EmbeddingModel, ...]:
        """Models whose vectors it judges by; scoring one example takes a call to each."""
        return ()

    @property
    def judges(self) -> tuple[ProgramMetric, ...]:
        """What of it asks models to judge."""
        return ()

    def with_judge(self, before: ProgramMetric, after: ProgramMetric) -> Metric:
        """The same with another judge in the place of one of its own."""
        return after if self == before else self

    @property
    def judge_models(self) -> tuple[OwnModel, ...]:
        """The models that judge, each once."""
        return tuple(dict.fromkeys(judge.model for judge in self.judges if judge.model))

    @property
    def judge_calls(self) -> int:
        """Calls to these among its `lm_calls`."""
        return sum(judge.lm_calls for judge in self.judges)

    @abstractmethod
    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        """Judge one prediction; the reason says what was expected and what came.

        Raises:
            NoScore: it cannot be judged.
        """

    @classmethod
    def suits(cls, given: Field, wanted: Field) -> bool:
        """Whether it is the natural choice for an output and a column of these types."""
        return False

    @classmethod
    def of_assertion(cls, said: Assertion) -> Metric | None:
        """The metric of this kind that says the same; None where there is none."""
        return None

    def as_assertion(self) -> dict[str, Any] | None:
        """The assertion of promptfoo that says the same of the output, where tests have the
        expected columns as variables; None where none does.
        """
        return None

    def problems(self, program: Program, columns: set[str]) -> list[Problem]:
        """What keeps this metric from scoring this program on a dataset with these columns."""
        found = []
        field = program.output_fields().get(self.output)
        if field is None and (self.output or self.needs_output):
            given = tuple(program.outputs)
            found.append(problem("metric.no_such_output", output=self.output, given=given))
        if self.expected not in columns and (self.expected or self.needs_expected):
            known = tuple(sorted(columns))
            found.append(problem("metric.no_such_column", column=self.expected, columns=known))
        return found if field is None else [*found, *self.field_problems(field)]

    def attainable(self, field: Field, expected: Value) -> bool:
        """Whether an answer of this field can be wholly right where that is expected."""
        return True

    def field_problems(self, field: Field) -> list[Problem]:
        """What keeps it from judging values of this field."""
        return []

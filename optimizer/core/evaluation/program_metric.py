"""Metrics that are programs: a model judges, and what optimizes programs can teach it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Self

from optimizer.core.evaluation.execute import predict
from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.modules.prompted import Prompted
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import contents_of, digest_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import OwnModel
from optimizer.core.programs.program import ModulePrompt, Program
from optimizer.core.programs.signature import Value
from optimizer.core.programs.steps import Steps


@dataclass(frozen=True)
class Level:
    """A verdict that can be given, the score in 0–1 that it is worth, and when it is due."""

    name: str
    score: float
    description: str = ""


@dataclass(frozen=True)
class ProgramMetric(Metric):
    """Judges by what `program` says of an answer; its modules that are prompts ask `model`. The
    verdicts that it can give are `levels`.

    Its calls are made in the role of the judge. One that fails, or whose reply cannot be read, is
    an error of its example.
    """

    model: OwnModel | None = None
    levels: tuple[Level, ...] = ()

    @property
    @abstractmethod
    def program(self) -> Program:
        """What judges, without a model of its own: it can be drawn, measured and optimized."""

    @property
    @abstractmethod
    def verdict(self) -> str:
        """The output of the program that scores are made of."""

    @property
    def scores(self) -> dict[str, float]:
        """The verdicts that it can give, with the score in 0–1 of each."""
        return {level.name: level.score for level in self.levels}

    @abstractmethod
    def asked(self, example: Example, prediction: Prediction) -> dict[str, Value]:
        """The inputs of the program for an answer that is to be judged."""

    @abstractmethod
    def read(self, outputs: dict[str, Value]) -> Score:
        """What the program's outputs say as a score, with its reason."""

    @abstractmethod
    def taught(self, prompts: dict[str, ModulePrompt]) -> Self:
        """The same that judges with these prompts, by module: those of a candidate."""

    @abstractmethod
    def turned(self) -> Self:
        """The same that is told its verdicts in the opposite order: a good judge does not mind."""

    def answer_of(self, example: Example, given: Value) -> Example:
        """An answer to an example as an input of the program."""
        asked = self.asked(example, Prediction({self.output: given}))
        return Example(example.id, asked)

    @property
    def lm_calls(self) -> int:
        return self.program.lm_calls

    @property
    def judges(self) -> tuple[ProgramMetric, ...]:
        return (self,)

    @property
    def version(self) -> str:
        """SHA-256 of what its verdicts depend on: equal for two that judge alike."""
        prompts = baseline_of(self.program).modules
        said = {n: [p.instruction, contents_of(p.demos)] for n, p in prompts.items()}
        fields = [repr(module.signature) for module in self.program.modules]
        asks = [self.model.provider, self.model.model] if self.model else []
        return digest_of([said, fields, asks])

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        if self.model is None:
            raise NoScore("the metric names no model that judges")
        program = self._asking()
        inputs = self.asked(example, prediction)
        told = yield from predict(program, baseline_of(program), inputs)
        if told.problem:
            raise NoScore(f"the judge’s reply could not be read: {told.problem}")
        return replace(self.read(told.outputs), cost=sum(call.cost for call in told.trace))

    def _asking(self) -> Program:
        """The program, whose prompts ask the judge's model in place of the run's."""
        modules = (
            replace(module, model=self.model) if isinstance(module, Prompted) else module
            for module in self.program.modules
        )
        return replace(self.program, modules=tuple(modules))

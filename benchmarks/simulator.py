"""A simulator: response surfaces that answer an optimizer's requests without a model.

A surface says how every combination of options scores on every example, drawn once by its seed or
taken from a table of a real model's answers. A simulated run is held like a real one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from optimizer.core.conversation.requests import Answer, Conversation, Evaluate
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.demos.demo_sets import DemoSets
from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, Signature
from optimizer.core.strategies.options import Options

T = TypeVar("T")
Floats = NDArray[np.float64]
Arm = tuple[int, ...]
"""An option per parameter: every module's instruction, then every module's demo set."""


class Surface(Protocol):
    """How combinations of options score. `sizes`: options per parameter, instructions first."""

    @property
    def sizes(self) -> tuple[int, ...]: ...

    @property
    def examples(self) -> int: ...

    def scores(self, arm: Arm) -> Floats:
        """On the validation examples, shape (examples,): the same whenever it is asked."""

    def truth(self, arm: Arm) -> float:
        """The expected score on examples that nothing is chosen by."""


@dataclass(frozen=True)
class Kind:
    """Deviations of effects on the log-odds, before they are divided by the root of the modules.

    `options`: instructions and demo sets; `interactions`: within a module, and between neighbours;
    `items`: what an option does to single examples, beside their `difficulty`.
    """

    instructions: float
    demos: float
    interactions: float
    items: float
    difficulty: float = 1.5
    base: float = 0.0


KINDS = {
    "wide": Kind(0.25, 0.45, 0.15, items=0.3),
    "narrow": Kind(0.12, 0.22, 0.08, items=0.15),
    "interactions": Kind(0.12, 0.20, 0.50, items=0.3),
    "items": Kind(0.15, 0.60, 0.20, items=1.5, difficulty=1.0),
    "paraphrases": Kind(0.27, 0.45, 0.15, items=0.3),
    "paraphrases-far": Kind(0.80, 0.45, 0.15, items=0.3),
}
"""*items* is like the tables of a real model: the same demos, the same examples right. In the last
two, instructions differ as paraphrases do for real models (`benchmarks.effect_sizes`): the median
of BIG-bench Hard, and of all.
"""

UNSEEN = 1500
"""Examples that the true score is taken over."""


class World:
    """A drawn surface: log-odds of a right answer = base + option effects + interactions + the
    example's difficulty + option effects on the example. Answers are fixed, as under a cache.
    """

    def __init__(
        self, kind: Kind, modules: int, instructions: int, demos: int, examples: int, seed: int
    ) -> None:
        rng = np.random.default_rng([seed, 7])
        self.sizes = (instructions,) * modules + ((demos,) * modules if demos > 1 else ())
        self.examples, self._seed, self._modules = examples, seed, modules
        scale = 1 / np.sqrt(modules)
        deviations = [kind.instructions] * modules + [kind.demos] * modules
        count = examples + UNSEEN
        self._effects, self._on_items = [], []
        for size, deviation in zip(self.sizes, deviations, strict=False):
            self._effects.append(rng.normal(0, deviation * scale, size))
            self._on_items.append(rng.normal(0, kind.items * scale, (size, count)))
        self._pairs = [
            (a, b, rng.normal(0, kind.interactions * scale, (self.sizes[a], self.sizes[b])))
            for a, b in self._neighbours()
        ]
        self._base = kind.base + rng.normal(0, kind.difficulty, count)

    def scores(self, arm: Arm) -> Floats:
        draws = np.random.default_rng([self._seed, 11, *arm]).random(self.examples)
        return np.asarray(draws < self._chances(arm)[: self.examples], dtype=np.float64)

    def truth(self, arm: Arm) -> float:
        return float(self._chances(arm)[self.examples :].mean())

    def _chances(self, arm: Arm) -> Floats:
        odds = self._base.copy()
        for option, effects, items in zip(arm, self._effects, self._on_items, strict=True):
            odds += effects[option] + items[option]
        for a, b, pair in self._pairs:
            odds += pair[arm[a], arm[b]]
        return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)

    def _neighbours(self) -> list[tuple[int, int]]:
        """Parameters that interact: a module's own two, and what follows one another."""
        modules, both = self._modules, len(self.sizes) > self._modules
        own = [(m, modules + m) for m in range(modules)] if both else []
        start = modules if both else 0
        return own + [(start + m, start + m + 1) for m in range(modules - 1)]


@dataclass(frozen=True)
class Answers:
    """A surface out of a table of real answers: some options, some examples to choose by.

    `table`: one axis per parameter, then examples; the first option of each is the baseline's.
    """

    chosen_by: Floats
    held_out: Floats

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.chosen_by.shape[:-1]

    @property
    def examples(self) -> int:
        return int(self.chosen_by.shape[-1])

    def scores(self, arm: Arm) -> Floats:
        return np.asarray(self.chosen_by[arm], dtype=np.float64)

    def truth(self, arm: Arm) -> float:
        return float(self.held_out[arm].mean())


@dataclass(frozen=True)
class Part:
    """A surface of which only the first options are to be had."""

    whole: Surface
    sizes: tuple[int, ...]

    @property
    def examples(self) -> int:
        return self.whole.examples

    def scores(self, arm: Arm) -> Floats:
        return self.whole.scores(arm)

    def truth(self, arm: Arm) -> float:
        return self.whole.truth(arm)


@dataclass
class Simulation:
    """A run's world made of a surface; counts what was scored, every example of an arm once."""

    surface: Surface
    modules: int
    known: dict[Arm, Floats] = field(default_factory=dict)
    scored: dict[Arm, set[int]] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        return sum(len(positions) for positions in self.scored.values())

    @cached_property
    def program(self) -> Program:
        question, answer = Field("question"), Field("answer")
        names = [f"step_{m}" for m in range(self.modules)]
        return Program(
            "simulated",
            (question,),
            tuple(Predict(n, Signature((question,), (answer,), _instruction(0))) for n in names),
            tuple(Call(n, n, {"question": "input.question"}) for n in names),
            {"answer": f"{names[-1]}.answer"},
        )

    @cached_property
    def options(self) -> Options:
        """What the surface has to choose from, as instructions and demo sets."""
        names = [module.name for module in self.program.modules]
        instructions = {
            name: tuple(_instruction(i) for i in range(self.surface.sizes[m]))
            for m, name in enumerate(names)
        }
        if len(self.surface.sizes) == self.modules:
            return Options(instructions)
        sizes = self.surface.sizes[self.modules :]
        sets = {name: tuple(map(_demo_set, range(sizes[m]))) for m, name in enumerate(names)}
        return Options(instructions, DemoSets(sets))

    def spec(self, settings: Settings, seed: int, optimizer: str = "racing") -> RunSpec:
        examples = tuple(
            Example(str(i), {"question": str(i)}, {"answer": str(i)})
            for i in range(self.surface.examples)
        )
        metric = ExactMatch("answer", "answer")
        models = {Role.TASK: ModelRef(1, "simulated"), Role.OPTIMIZER: ModelRef(1, "simulated")}
        return RunSpec(
            self.program, metric, optimizer, settings, models, validation=examples, seed=seed
        )

    def hold(self, conversation: Conversation[T]) -> T:
        """Answer every request until the conversation ends; returns its result."""
        answer: Answer = None
        while True:
            try:
                turn = conversation.send(answer)
            except StopIteration as end:
                return cast(T, end.value)
            answer = self._answer(turn) if isinstance(turn, Evaluate) else None

    def arm(self, candidate: Candidate) -> Arm:
        prompts = [candidate.modules[module.name] for module in self.program.modules]
        instructions = [int(p.instruction.rsplit(" ", 1)[1]) for p in prompts]
        if len(self.surface.sizes) == self.modules:
            return tuple(instructions)
        sets = [int(str(p.demos[0].values["answer"])) if p.demos else 0 for p in prompts]
        return (*instructions, *sets)

    def score(self, arm: Arm, positions: Sequence[int]) -> Floats:
        """Score an arm on validation examples."""
        if arm not in self.known:
            self.known[arm], self.scored[arm] = self.surface.scores(arm), set()
        self.scored[arm].update(positions)
        return np.asarray(self.known[arm][list(positions)], dtype=np.float64)

    def _answer(self, request: Evaluate) -> tuple[Outcome, ...]:
        found = self.score(self.arm(request.candidate), [int(e.id) for e in request.examples])
        pairs = zip(request.examples, found, strict=True)
        return tuple(Outcome(e.id, Score(float(value)), {}, ()) for e, value in pairs)


def _instruction(index: int) -> str:
    return f"Instruction {index}"


def _demo_set(index: int) -> tuple[Demo, ...]:
    return (Demo({"question": "?", "answer": str(index)}),) if index else ()

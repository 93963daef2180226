"""Programs: a directed acyclic graph of calls to modules; two calls may share one module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from optimizer.core.problems import Problem, Refused, problem, warning
from optimizer.core.programs.demo import Demo, Demos, NearestDemos, fixed_of
from optimizer.core.programs.likeness import key_of
from optimizer.core.programs.lm import Message
from optimizer.core.programs.signature import (
    REASONING,
    Field,
    FieldType,
    Signature,
    Value,
    name_problems,
    written,
)
from optimizer.core.programs.steps import Ran, Steps
from optimizer.core.programs.values import UnreadableValue

INPUT = "input"
"""The source name that stands for the program's own inputs."""


@dataclass(frozen=True)
class ModulePrompt:
    """What a candidate chooses for one module."""

    instruction: str
    demos: Demos = ()

    def for_input(self, values: Mapping[str, Value], given: str = "") -> ModulePrompt:
        """The prompt as it is for these inputs of its module; `given` is the `Program.key_of` what
        the program was given, whose own row is not shown.
        """
        return replace(self, demos=self.demos_for(values, given))

    def demos_for(self, values: Mapping[str, Value], given: str = "") -> tuple[Demo, ...]:
        """The demos that are shown with these inputs."""
        if isinstance(self.demos, NearestDemos):
            return self.demos.demos_for(values, given)
        return self.demos


@dataclass(frozen=True)
class Module(ABC):
    """A module: a signature with its instruction, and its demos. Its kind is its class, which says
    how it runs and what is written of it; `optimizer.core.modules` has them all.

    `locked`: phrases of the instruction that every candidate keeps word for word. What is frozen
    no optimizer changes.
    """

    name: str
    signature: Signature
    kind: str = ""
    demos: Demos = ()
    description: str = ""
    locked: tuple[str, ...] = ()
    frozen_instruction: bool = False
    frozen_demos: bool = False

    has_instruction: ClassVar[bool] = True
    """Whether an instruction means anything to it."""
    takes_demos: ClassVar[bool] = True
    """Whether demos mean anything to it."""
    labels_are_demos: ClassVar[bool] = True
    """Whether the data's own answers show all that a demo of it has to show."""
    thinks_in: ClassVar[str] = ""
    """The reply field in which it thinks before it answers, "" where there is none."""
    dspy_class: ClassVar[str]
    """The class of DSPy that stands for it in a version's files."""
    dspy_predictor: ClassVar[str] = ""
    """Where in such an object DSPy keeps the prompt, "" for the object itself."""

    @property
    def lm_calls(self) -> int:
        """Calls to a model that one use of it takes."""
        return 1

    @property
    @abstractmethod
    def reply_fields(self) -> tuple[Field, ...]:
        """What a reply must hold, in this order: the outputs, and what comes before them."""

    @abstractmethod
    def messages(self, prompt: ModulePrompt, values: dict[str, Value]) -> tuple[Message, ...]:
        """What the model is told first for these input values; () when none is asked."""

    @abstractmethod
    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        """Use it once on these input values; `sample` tells apart several draws."""

    @abstractmethod
    def python_constant(self) -> dict[str, Any]:
        """The arguments of its `Module(…)` in a version's Python file: plain values by name."""

    def python_nearest(self) -> dict[str, Any] | None:
        """The arguments of its `Nearest(…)` there and in DSPy's: plain values by name; None where
        its demos are the same for every input.
        """
        return None

    @property
    def demo_names(self) -> set[str]:
        """What a demo of it may hold; reasoning stays while the kind is changed to and fro."""
        fields = (*self.signature.inputs, *self.signature.outputs, *self.reply_fields)
        return {REASONING, *(f.name for f in fields)}

    @property
    def writable(self) -> bool:
        """Whether an optimizer may write its instruction."""
        return self.has_instruction and not self.frozen_instruction

    @property
    def takes_new_demos(self) -> bool:
        """Whether an optimizer may choose its demos."""
        return self.takes_demos and not self.frozen_demos

    def problems(self) -> list[Problem]:
        found = [*name_problems(self.name, "name.module"), *self.signature.problems()]
        found += self.locked_problems()
        for number, demo in enumerate(fixed_of(self.demos), 1):
            found += [problem("demo", number=number, why=p) for p in self.demo_problems(demo)]
        return [*found, *self.pool_problems()]

    def pool_problems(self) -> list[Problem]:
        """What keeps demos from being chosen for each input; the first wrong demo stands for all
        that are.
        """
        if not isinstance(self.demos, NearestDemos):
            return []
        pool, label = self.demos.pool, self.demos.label
        inputs = {f.name for f in self.signature.inputs}
        found = [problem("nearest.none")] if self.demos.k < 1 else []
        found += [problem("nearest.no_such_input", name=n) for n in pool.inputs if n not in inputs]
        if not pool.inputs:
            found.append(problem("nearest.no_inputs"))
        if label and label not in {f.name for f in self.signature.outputs}:
            found.append(problem("nearest.no_such_output", name=label))
        wrong = ((n, p) for n, demo in enumerate(pool.demos, 1) for p in self.demo_problems(demo))
        first = next(wrong, None)
        return [*found, problem("nearest.demo", number=first[0], why=first[1])] if first else found

    def locked_problems(self) -> list[Problem]:
        """Locked phrases that the instruction does not have: no candidate could keep them."""
        if not all(phrase.strip() for phrase in self.locked):
            return [problem("locked.empty")]
        return [
            problem("locked.not_there", phrase=phrase)
            for phrase in self.locked
            if phrase not in self.signature.instruction
        ]

    def demo_problems(self, demo: Demo) -> list[Problem]:
        """Values of the wrong type or of no field, and a demo that shows no answer."""
        known = self.demo_names
        found = [problem("demo.no_such_field", name=n) for n in demo.values if n not in known]
        for wanted in (*self.signature.inputs, *self.signature.outputs):
            if demo.values.get(wanted.name) is None:
                continue
            try:
                wanted.read(demo.values[wanted.name])
            except UnreadableValue as error:
                found.append(problem("demo.value", why=str(error)))
        given = [f for f in self.signature.outputs if f.name in demo.values]
        if not any(demo.values[f.name] is not None or f.nullable for f in given):
            found.append(problem("demo.no_output"))
        return found


@dataclass(frozen=True)
class Call:
    """One use of a module: where each of its inputs comes from (`input.x` or `othercall.y`)."""

    name: str
    module: str
    inputs: dict[str, str]


@dataclass(frozen=True)
class Program:
    """The drawn program.

    `outputs` maps each output's name to its source, a call's output (`classify.intent`).
    """

    name: str
    inputs: tuple[Field, ...]
    modules: tuple[Module, ...]
    calls: tuple[Call, ...]
    outputs: dict[str, str]
    description: str = ""
    format: str = field(default="promptlab/program@1")

    def module(self, name: str) -> Module:
        return next(module for module in self.modules if module.name == name)

    def key_of(self, inputs: Mapping[str, Value]) -> str:
        """Equal for inputs that are the same but for case and spaces."""
        names = sorted(f.name for f in self.inputs)
        return key_of(part for name in names for part in (name, written(inputs.get(name))))

    def source_field(self, source: str) -> Field | None:
        """The field that `call.output` or `input.name` speaks of, None when there is none."""
        owner, _, name = source.partition(".")
        if owner == INPUT:
            return next((f for f in self.inputs if f.name == name), None)
        call = next((c for c in self.calls if c.name == owner), None)
        module = call and next((m for m in self.modules if m.name == call.module), None)
        outputs = module.signature.outputs if module else ()
        return next((f for f in outputs if f.name == name), None)

    def output_fields(self) -> dict[str, Field]:
        found = {name: self.source_field(source) for name, source in self.outputs.items()}
        return {name: f for name, f in found.items() if f is not None}

    def waves(self) -> list[tuple[Call, ...]]:
        """Calls in order of need; the calls of one wave depend only on earlier waves.

        Raises:
            Refused: some calls need one another.
        """
        waiting, done, waves = list(self.calls), {INPUT}, []
        while waiting:
            ready = tuple(c for c in waiting if _needs(c) <= done)
            if not ready:
                names = sorted(c.name for c in waiting)
                raise Refused.because("program.circle", of_call(names[0]), calls=tuple(names))
            waves.append(ready)
            done |= {c.name for c in ready}
            waiting = [c for c in waiting if c not in ready]
        return waves

    def problems(self) -> list[Problem]:
        """Everything that keeps this program from running; empty when it can run.

        Places are `inputs`, `outputs`, `modules.NAME`, `calls.NAME`, and "" for the program.
        """
        found = [*self._naming_problems(), *self._wiring_problems(), *self._output_problems()]
        if not found:
            try:
                self.waves()
            except Refused as circle:
                found += circle.problems
        return found

    def _naming_problems(self) -> list[Problem]:
        found = [p.at("inputs") for f in self.inputs for p in f.problems()]
        if not self.inputs:
            found.append(problem("program.no_inputs", "inputs"))
        if not self.calls:
            found.append(problem("program.no_calls"))
        found += [problem("program.input_twice", "inputs", name=n) for n in _twice(self.inputs)]
        found += [
            problem("program.module_twice", of_module(n), name=n) for n in _twice(self.modules)
        ]
        found += [problem("program.call_twice", of_call(n), name=n) for n in _twice(self.calls)]
        for call in self.calls:
            if call.name == INPUT:
                found.append(problem("call.named_input", of_call(INPUT), name=INPUT))
        for call in self.calls:
            found += [p.at(of_call(call.name)) for p in name_problems(call.name, "name.call")]
        for name in self.outputs:
            found += [p.at("outputs") for p in name_problems(name, "name.output")]
        return found + [p.at(of_module(m.name)) for m in self.modules for p in m.problems()]

    def _wiring_problems(self) -> list[Problem]:
        found = []
        modules = {m.name: m for m in self.modules}
        for call in self.calls:
            place, module = of_call(call.name), modules.get(call.module)
            if module is None:
                found.append(problem("call.no_such_module", place, module=call.module))
                continue
            wanted = {f.name: f for f in module.signature.inputs}
            found += [
                problem("call.not_connected", place, name=name)
                for name in wanted
                if not call.inputs.get(name)
            ]
            found += [
                wrong
                for name, source in call.inputs.items()
                if (wrong := self._wire_problem(call, wanted.get(name), name, source))
            ]
        return found

    def _wire_problem(
        self, call: Call, wanted: Field | None, name: str, source: str
    ) -> Problem | None:
        place = of_call(call.name)
        if wanted is None:
            return problem("call.no_such_input", place, module=call.module, name=name)
        if not source:
            return None
        given = self.source_field(source)
        if given is None:
            return problem("call.no_such_source", place, source=source, name=name)
        if not fits(given, wanted):
            types = {"takes": wanted.type.value, "gives": given.type.value}
            return problem("call.other_type", place, name=name, source=source, **types)
        return None

    def _output_problems(self) -> list[Problem]:
        if not self.outputs:
            return [problem("program.no_outputs", "outputs")]
        passed = [n for n, source in self.outputs.items() if source.partition(".")[0] == INPUT]
        found = [problem("output.passed_through", "outputs", name=name) for name in passed]
        return found + [
            problem("output.no_such_source", "outputs", name=name, source=source)
            for name, source in self.outputs.items()
            if name not in passed and self.source_field(source) is None
        ]

    def warnings(self) -> list[Problem]:
        """Parts that run or are optimized for nothing; the program can run all the same."""
        called = {call.module for call in self.calls}
        sources = [s for call in self.calls for s in call.inputs.values()] + [
            *self.outputs.values()
        ]
        used = {source.partition(".")[0] for source in sources}
        return [
            *(
                warning("module.unused", of_module(m.name), name=m.name)
                for m in self.modules
                if m.name not in called
            ),
            *(
                warning("call.unused", of_call(c.name), name=c.name)
                for c in self.calls
                if c.name not in used
            ),
        ]


def of_module(name: str) -> str:
    """The place of a module's problems."""
    return f"modules.{name}"


def of_call(name: str) -> str:
    """The place of a call's problems."""
    return f"calls.{name}"


def fits(given: Field, wanted: Field) -> bool:
    """Whether a value of `given` may go into `wanted`: anything can be written as text."""
    if wanted.type is FieldType.TEXT or given.type is wanted.type:
        return True
    return given.type is FieldType.INTEGER and wanted.type is FieldType.NUMBER


def _twice(parts: Sequence[Field | Module | Call]) -> list[str]:
    """Names that more than one of these parts has."""
    names = [part.name for part in parts]
    return sorted({name for name in names if names.count(name) > 1})


def _needs(call: Call) -> set[str]:
    return {source.partition(".")[0] for source in call.inputs.values()}

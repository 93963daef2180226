"""Programs: a directed acyclic graph of calls to modules; two calls may share one module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from optimizer.core.problems import Problem, Refused, problem
from optimizer.core.programs import wiring
from optimizer.core.programs.calls import INPUT, Call, of_call, owner_of
from optimizer.core.programs.demo import Demo, Demos, NearestDemos, fixed_of
from optimizer.core.programs.layouts import Layout
from optimizer.core.programs.likeness import key_of
from optimizer.core.programs.lm import EmbeddingModel, Message, OwnModel
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


@dataclass(frozen=True)
class ModulePrompt:
    """What a candidate chooses for one module."""

    instruction: str
    demos: Demos = ()

    def for_input(self, values: Mapping[str, Value], given: str = "") -> Steps[ModulePrompt]:
        """The prompt as it is for these inputs of its module; `given` is the `Program.key_of` what
        the program was given, whose own row is not shown.
        """
        if not isinstance(self.demos, NearestDemos):
            return self
        return replace(self, demos=(yield from self.demos.choose(values, given)))

    @property
    def embedding(self) -> EmbeddingModel | None:
        """The model by whose vectors its demos are chosen."""
        return self.demos.embedding if isinstance(self.demos, NearestDemos) else None

    def demos_for(self, values: Mapping[str, Value]) -> tuple[Demo, ...]:
        """The demos that are shown with these inputs, or as long as those."""
        if isinstance(self.demos, NearestDemos):
            return self.demos.demos_by_words(values)
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
    python_class: ClassVar[str] = "Module"
    """The class that its `python_constant` makes in a version's files: `Module` is a prompt, others
    are used as they are.
    """
    dspy_class: ClassVar[str]
    """The class of DSPy that stands for it there, where it is a prompt."""
    dspy_predictor: ClassVar[str] = ""
    """Where in such an object DSPy keeps the prompt, "" for the object itself."""

    @property
    def layout(self) -> Layout:
        """How its prompt lays out the inputs."""
        return Layout.LINES

    @property
    def lm_calls(self) -> int:
        """Calls to a model that one use of it takes."""
        return 1

    @property
    def is_prompt(self) -> bool:
        """Whether it is one question to a model."""
        return self.python_class == Module.python_class

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
        """The arguments of its `python_class` in a version's files: plain values by name."""

    def not_in_dspy(self) -> list[Problem]:
        """Why nothing of DSPy says what it says; empty where something does."""
        return []

    def python_tools(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """What it uses there, by name: a class and its arguments, plain values."""
        return {}

    def python_nearest(self) -> dict[str, Any] | None:
        """The arguments of its `Nearest(…)` there and in DSPy's: plain values by name; None where
        its demos are the same for every input.
        """
        return None

    @property
    def gives(self) -> tuple[Field, ...]:
        """What other calls and the program's outputs can take of one use of it."""
        return self.signature.outputs

    @property
    def takes_missing(self) -> bool:
        """Whether it runs where what it would be given was not made: its inputs are null then."""
        return False

    def constants_of(self, call: Call) -> dict[str, Value]:
        """What a call gives it that is always the same, as values of its inputs' types."""
        wanted = {f.name: f for f in self.signature.inputs}
        return {name: _constant(wanted[name], value) for name, value in call.constants.items()}

    @property
    def own_model(self) -> OwnModel | None:
        """The model that it asks, None where that is the run's."""
        return None

    @property
    def corpora(self) -> tuple[str, ...]:
        """Digests of the corpora that it looks things up in."""
        return ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses that it asks, with what stands for values in them."""
        return ()

    @property
    def later_tokens(self) -> int:
        """How many tokens more than the first its calls of one use have on average, where these
        grow; at most.
        """
        return 0

    @property
    def spoken_names(self) -> list[str]:
        """What its instruction may speak of in braces."""
        return self.signature.names

    def rewritable(self, instruction: str) -> str:
        """An instruction with all that whoever rewrites it may change."""
        return instruction

    def renamed(self, names: Mapping[str, str]) -> Module:
        """The same where its fields have other names: what it says of them follows."""
        return self

    @property
    def shown_fields(self) -> tuple[Field, ...]:
        """What a demo of it shows behind its inputs."""
        return self.reply_fields

    @property
    def demo_names(self) -> set[str]:
        """What a demo of it may hold; reasoning stays while the kind is changed to and fro."""
        fields = (*self.signature.inputs, *self.signature.outputs, *self.shown_fields)
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
class Program:
    """The drawn program.

    `outputs` maps each output's name to its source: a call's output (`classify.intent`), or an
    input that is passed on.
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
        gives = module.gives if module else ()
        return next((f for f in gives if f.name == name), None)

    def output_fields(self) -> dict[str, Field]:
        found = {name: self.source_field(source) for name, source in self.outputs.items()}
        return {name: f for name, f in found.items() if f is not None}

    @property
    def lm_calls(self) -> int:
        """Calls to a model that one run of it takes at most."""
        return sum(self.module(call.module).lm_calls * call.passes for call in self.calls)

    @property
    def own_models(self) -> tuple[OwnModel, ...]:
        """The models that its modules name, each once."""
        found = (module.own_model for module in self.modules)
        return tuple(dict.fromkeys(model for model in found if model is not None))

    def waves(self) -> list[tuple[Call, ...]]:
        """Calls in order of need; the calls of one wave depend only on earlier waves.

        Raises:
            Refused: some calls need one another.
        """
        waiting, done, waves = list(self.calls), {INPUT}, []
        while waiting:
            ready = tuple(c for c in waiting if c.needs <= done)
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
        found = wiring.problems(self)
        if not found:
            try:
                self.waves()
            except Refused as circle:
                found += circle.problems
        return found

    def warnings(self) -> list[Problem]:
        """Parts that run or are optimized for nothing; the program can run all the same."""
        return wiring.warnings(self)


def _constant(wanted: Field, value: Value) -> Value:
    """Read like a file's, but for null and texts, which say what they are."""
    is_text = wanted.type is FieldType.TEXT and isinstance(value, str)
    return value if value is None or is_text else wanted.read(value)


def stops(call: Call, module: Module, missing: Collection[str]) -> list[str]:
    """The calls for want of which this one is not made: one that a value must come of; of a module
    that goes on without some, all.
    """
    owners = {name: owner_of(source) for name, source in call.inputs.items() if source}
    if module.takes_missing:
        needs = list(dict.fromkeys(owners.values()))
        return needs if all(owner in missing for owner in needs) else []
    must = [f.name for f in module.signature.inputs if not f.nullable and f.name in owners]
    return [o for o in dict.fromkeys(owners[name] for name in must) if o in missing]

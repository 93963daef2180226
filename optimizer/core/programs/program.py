"""Programs: a directed acyclic graph of calls to modules; two calls may share one module."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum

from optimizer.core.programs.signature import (
    REASONING,
    Field,
    FieldType,
    Signature,
    UnreadableValue,
    Value,
    name_problems,
)

INPUT = "input"
"""The source name that stands for the program's own inputs."""


class ModuleKind(StrEnum):
    PREDICT = "predict"
    CHAIN_OF_THOUGHT = "chain_of_thought"


@dataclass(frozen=True)
class Demo:
    """One worked example in a prompt: every field's value, and `reasoning` where there is one."""

    values: dict[str, Value]
    augmented: bool = False
    """True when a model wrote it (a bootstrapped trace), False for the dataset's own label."""


@dataclass(frozen=True)
class Module:
    """A language-model module: a kind, a signature with its instruction, and its demos.

    `locked`: phrases of the instruction that every candidate keeps word for word. What is frozen
    no optimizer changes.
    """

    name: str
    signature: Signature
    kind: ModuleKind = ModuleKind.PREDICT
    demos: tuple[Demo, ...] = ()
    description: str = ""
    locked: tuple[str, ...] = ()
    frozen_instruction: bool = False
    frozen_demos: bool = False

    def problems(self) -> list[str]:
        found = [*name_problems(self.name, "a module"), *self.signature.problems()]
        found += self.locked_problems()
        for number, demo in enumerate(self.demos, 1):
            found += [f"Demo {number}: {problem}" for problem in self.demo_problems(demo)]
        return found

    def locked_problems(self) -> list[str]:
        """Locked phrases that the instruction does not have: no candidate could keep them."""
        if not all(phrase.strip() for phrase in self.locked):
            return ["A locked phrase is empty: write one or remove it."]
        return [
            f"The locked phrase “{phrase}” is not in the instruction: write it there word for "
            "word, or unlock it."
            for phrase in self.locked
            if phrase not in self.signature.instruction
        ]

    def demo_problems(self, demo: Demo) -> list[str]:
        """Values of the wrong type or of no field, and a demo that shows no answer."""
        found = [
            f"“{name}” is no field of this module."
            for name in demo.values
            if self.signature.field(name) is None and name != REASONING
        ]
        for wanted in (*self.signature.inputs, *self.signature.outputs):
            if demo.values.get(wanted.name) is None:
                continue
            try:
                wanted.read(demo.values[wanted.name])
            except UnreadableValue as error:
                found.append(f"{error}.")
        if all(demo.values.get(f.name) is None for f in self.signature.outputs):
            found.append("it gives no output.")
        return found


@dataclass(frozen=True)
class Call:
    """One use of a module: where each of its inputs comes from (`input.x` or `othercall.y`)."""

    name: str
    module: str
    inputs: dict[str, str]


class PartKind(StrEnum):
    """What a problem is about; modules and calls are told apart by name besides."""

    PROGRAM = "program"
    INPUTS = "inputs"
    OUTPUTS = "outputs"
    MODULE = "module"
    CALL = "call"


@dataclass(frozen=True)
class Problem:
    """Something that keeps a program from running, and the part it is about.

    `part` is the name of the module or call, "" for the program and its ends.
    """

    kind: PartKind
    part: str
    message: str


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
            CyclicProgram: some calls need one another.
        """
        waiting, done, waves = list(self.calls), {INPUT}, []
        while waiting:
            ready = tuple(c for c in waiting if _needs(c) <= done)
            if not ready:
                raise CyclicProgram(sorted(c.name for c in waiting))
            waves.append(ready)
            done |= {c.name for c in ready}
            waiting = [c for c in waiting if c not in ready]
        return waves

    def problems(self) -> list[Problem]:
        """Everything that keeps this program from running; empty when it can run."""
        found = [*self._naming_problems(), *self._wiring_problems(), *self._output_problems()]
        if not found:
            try:
                self.waves()
            except CyclicProgram as error:
                found.append(Problem(PartKind.CALL, error.calls[0], str(error)))
        return found

    def _naming_problems(self) -> list[Problem]:
        found = [Problem(PartKind.INPUTS, "", p) for f in self.inputs for p in f.problems()]
        if not self.inputs:
            found.append(Problem(PartKind.INPUTS, "", "The program needs at least one input."))
        if not self.calls:
            found.append(
                Problem(PartKind.PROGRAM, "", "The program has no call yet: add a module.")
            )
        for kind, what, names in (
            (PartKind.INPUTS, "input", [f.name for f in self.inputs]),
            (PartKind.MODULE, "module", [m.name for m in self.modules]),
            (PartKind.CALL, "call", [c.name for c in self.calls]),
        ):
            found += [
                Problem(
                    kind,
                    "" if kind is PartKind.INPUTS else name,
                    f"Two {what}s are called “{name}”: rename one.",
                )
                for name in sorted(set(names))
                if names.count(name) > 1
            ]
        found += [
            Problem(
                PartKind.CALL,
                c.name,
                f"A call cannot be called “{INPUT}”: that name is the program's input.",
            )
            for c in self.calls
            if c.name == INPUT
        ]
        found += [
            Problem(PartKind.CALL, c.name, p)
            for c in self.calls
            for p in name_problems(c.name, "a call")
        ]
        found += [
            Problem(PartKind.OUTPUTS, "", p)
            for name in self.outputs
            for p in name_problems(name, "an output")
        ]
        return found + [
            Problem(PartKind.MODULE, m.name, p) for m in self.modules for p in m.problems()
        ]

    def _wiring_problems(self) -> list[Problem]:
        found = []
        modules = {m.name: m for m in self.modules}
        for call in self.calls:
            module = modules.get(call.module)
            if module is None:
                found.append(_about(call, f"There is no module “{call.module}”."))
                continue
            wanted = {f.name: f for f in module.signature.inputs}
            found += [
                _about(call, f"Input “{name}” is not connected: choose where it comes from.")
                for name in wanted
                if not call.inputs.get(name)
            ]
            found += [
                p
                for name, source in call.inputs.items()
                if (p := self._wire_problem(call, wanted.get(name), name, source))
            ]
        return found

    def _wire_problem(
        self, call: Call, wanted: Field | None, name: str, source: str
    ) -> Problem | None:
        if wanted is None:
            return _about(call, f"Module “{call.module}” has no input “{name}”.")
        if not source:
            return None
        given = self.source_field(source)
        if given is None:
            return _about(call, f"“{source}”, the source of “{name}”, does not exist.")
        if not fits(given, wanted):
            return _about(call, f"“{name}” takes {wanted.type}, but {source} gives {given.type}.")
        return None

    def _output_problems(self) -> list[Problem]:
        if not self.outputs:
            return [
                Problem(
                    PartKind.OUTPUTS,
                    "",
                    "The program has no output: choose which call's output it gives.",
                )
            ]
        passed = [n for n, source in self.outputs.items() if source.partition(".")[0] == INPUT]
        found = [
            Problem(
                PartKind.OUTPUTS,
                "",
                f"Output “{name}” is an input passed through: choose a call's output.",
            )
            for name in passed
        ]
        return found + [
            Problem(
                PartKind.OUTPUTS,
                "",
                f"Output “{name}” comes from “{source}”, which does not exist.",
            )
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
                Problem(PartKind.MODULE, m.name, f"No call uses module “{m.name}”.")
                for m in self.modules
                if m.name not in called
            ),
            *(
                Problem(PartKind.CALL, c.name, f"Nothing uses what “{c.name}” gives.")
                for c in self.calls
                if c.name not in used
            ),
        ]


class CyclicProgram(ValueError):
    """Calls that need one another, so that none can be first."""

    def __init__(self, calls: list[str]) -> None:
        self.calls = calls
        super().__init__(
            f"{', '.join(calls)} need one another's outputs: remove one connection of the circle."
        )


def fits(given: Field, wanted: Field) -> bool:
    """Whether a value of `given` may go into `wanted`: anything can be written as text."""
    if wanted.type is FieldType.TEXT or given.type is wanted.type:
        return True
    return given.type is FieldType.INTEGER and wanted.type is FieldType.NUMBER


def digest_of(content: object) -> str:
    """SHA-256 (hex) of a value's canonical JSON."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _about(call: Call, message: str) -> Problem:
    return Problem(PartKind.CALL, call.name, message)


def _needs(call: Call) -> set[str]:
    return {source.partition(".")[0] for source in call.inputs.values()}

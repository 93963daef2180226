"""A version of one prompt as messages with places for its inputs: what template engines can say.

Only what comes out as the very messages of the run is written so; the rest says why not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from optimizer.core.modules.prompted import Prompted
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.calls import Call
from optimizer.core.programs.demo import NearestDemos, fixed_of
from optimizer.core.programs.layouts import Layout, laid_out, spelled_out
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.render import input_text, reminder, reply_text, system_text
from optimizer.core.programs.signature import FieldType
from promptlab.releases.formats.reach import Reach
from promptlab.reviews.content import ModelSource, VersionContent

_TEXTS = (FieldType.TEXT, FieldType.CHOICE, FieldType.DATE)
"""Types whose values any engine writes as a run does."""
_WORDS = {
    "and", "else", "false", "if", "in", "is", "lookup", "log", "loop", "none", "not", "null", "or",
    "role", "self", "section", "this", "true", "undefined", "with", "each", "unless", "json",
    "history", "media", "open_braces",
}  # fmt: skip
"""What template engines mean by these names themselves."""


@dataclass(frozen=True)
class Place:
    """Where an input of the program stands."""

    name: str


@dataclass(frozen=True)
class Said:
    """A message: texts, and places between them."""

    role: str
    parts: tuple[str | Place, ...]

    def written(self, text: Callable[[str], str], place: Callable[[str], str]) -> str:
        """The message in an engine's syntax: `text` escapes what is said as it is."""
        return "".join(
            place(part.name) if isinstance(part, Place) else text(part) for part in self.parts
        )

    def filled(self, inputs: Mapping[str, str]) -> str:
        """The message for these inputs."""
        return self.written(str, lambda name: inputs[name])

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if isinstance(part, str))


def not_one_prompt(content: VersionContent) -> list[Problem]:
    """Why the version is no prompt of one call that can be sent as it is; empty where it is."""
    program = content.program
    if len(program.calls) != 1:
        return [problem("template.steps", n=len(program.calls))]
    (call,) = program.calls
    module = program.module(call.module)
    if not (module.is_prompt and isinstance(module, Prompted)):
        return [problem("template.no_prompt", module=module.name)]
    found = []
    if call.repeat or module.samples > 1:
        found.append(problem("template.draws", module=module.name))
    if isinstance(module.demos, NearestDemos):
        found.append(problem("template.nearest", module=module.name))
    return found


def not_a_template(content: VersionContent) -> list[Problem]:
    """Why an engine would write the inputs otherwise than the run did, too."""
    found = not_one_prompt(content)
    if found:
        return found
    module = content.program.module(content.program.calls[0].module)
    if module.layout is Layout.JSON:
        found.append(problem("template.layout", module=module.name))
    fields = {f.name: f for f in content.program.inputs}
    for name in places_of(content.program).values():
        if fields[name].type not in _TEXTS:
            found.append(problem("template.type", name=name))
        if name.casefold() in _WORDS:
            found.append(problem("template.word", name=name))
    return found


def messages_of(content: VersionContent, reach: Reach | None = None) -> tuple[Said, ...]:
    """What the run said of every input. Only of versions that `not_a_template` finds nothing in."""
    program, reach = content.program, reach or Reach.of(content)
    (call,) = program.calls
    module = program.module(call.module)
    said = [Said("system", (system_text(module, module.signature.instruction),))]
    for demo in fixed_of(module.demos):
        said.append(Said("user", (input_text(module, demo.values),)))
        said.append(Said("assistant", (reply_text(module, demo),)))
    said.append(Said("user", _asked(program, call, module)))
    return tuple(said) if reach.traits.system else _without_system(said)


def task_of(content: VersionContent) -> ModelSource:
    """The model of the only prompt."""
    program = content.program
    own = content.provenance.module_models.get(program.calls[0].module)
    return own or content.provenance.models[Role.TASK]


def places_of(program: Program) -> dict[str, str]:
    """By input of the only prompt: the program's input that it is given."""
    return {
        name: source.partition(".")[2] for name, source in program.calls[0].inputs.items() if source
    }


def _without_system(said: list[Said]) -> tuple[Said, ...]:
    instruction, first, *rest = said
    return (Said("user", (*instruction.parts, "\n\n", *first.parts)), *rest)


def _asked(program: Program, call: Call, module: Module) -> tuple[str | Place, ...]:
    """The inputs laid out with marks in their places, cut where the marks stand."""
    places, constants = places_of(program), module.constants_of(call)
    marks: dict[str, str | Place] = {}
    told: dict[str, str] = {}
    for number, field in enumerate(module.signature.inputs):
        mark = f"\ue000{number}\ue001"
        at = places.get(field.name)
        told[field.name] = mark
        marks[mark] = Place(at) if at else spelled_out(constants.get(field.name), field.nullable)
    text = "\n\n".join(filter(None, [laid_out(module.layout, told), reminder(module)]))
    parts: list[str | Place] = []
    for mark, part in marks.items():
        before, _mark, text = text.partition(mark)
        parts += [before, part]
    return tuple(part for part in [*parts, text] if part)

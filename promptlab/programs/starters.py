"""Programs to begin with: one module, two steps, or nothing yet. Pure functions of fields."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from optimizer.core.modules import standard_kind
from optimizer.core.programs.calls import INPUT, Call
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, FieldType, Signature

TEXT = (Field("text"),)
ANSWER = (Field("answer"),)


class FirstStep(StrEnum):
    """What the first of two modules does."""

    SUMMARIZE = "summarize"
    EXTRACT = "extract"
    SORT = "sort"
    DRAFT = "draft"


_STEPS = {
    FirstStep.SUMMARIZE: (
        Field("summary", description="what matters for the decision, in one or two sentences"),
        "Summarize {inputs} in one or two sentences: keep what matters for {outputs}.",
    ),
    FirstStep.EXTRACT: (
        Field("facts", FieldType.LIST, "short statements, each true by itself"),
        "List the facts in {inputs} that decide {outputs}.",
    ),
    FirstStep.SORT: (
        Field("topic", description="what it is about, in a few words"),
        "Say in a few words what {inputs} is about, and what is wanted.",
    ),
}
_CHECK = "Check the {drafts} against {inputs}. Correct what is wrong, and give the {outputs}."


def blank(name: str) -> Program:
    return Program(name, (), (), (), {})


def one_module(
    name: str,
    inputs: tuple[Field, ...] = TEXT,
    outputs: tuple[Field, ...] = ANSWER,
    kind: type[Module] | None = None,
) -> Program:
    """A program of one module that takes the inputs and gives the outputs."""
    module = _module(verb_for(outputs), inputs, outputs, plain_instruction(inputs, outputs), kind)
    wires = {f.name: f"{INPUT}.{f.name}" for f in inputs}
    gives = {f.name: f"{module.name}.{f.name}" for f in outputs}
    return Program(name, inputs, (module,), (Call(module.name, module.name, wires),), gives)


def two_steps(
    name: str,
    first: FirstStep,
    inputs: tuple[Field, ...] = TEXT,
    outputs: tuple[Field, ...] = ANSWER,
) -> Program:
    """Something first; then the answer, from that and the inputs. A draft is the answer itself,
    which the second step checks.
    """
    if first is FirstStep.DRAFT:
        return _checked(name, inputs, outputs)
    between, wording = _STEPS[first]
    between = named_apart(between, (*inputs, *outputs))
    text = wording.replace("{inputs}", _braced(inputs)).replace("{outputs}", _plain(outputs))
    prepare = _module(first.value, inputs, (between,), text)
    then = (*inputs, Field(between.name, between.type))
    decide = _module(verb_for(outputs), then, outputs, plain_instruction(then, outputs))
    calls = (
        Call(prepare.name, prepare.name, {f.name: f"{INPUT}.{f.name}" for f in inputs}),
        Call(
            decide.name,
            decide.name,
            {f.name: f"{INPUT}.{f.name}" for f in inputs}
            | {between.name: f"{prepare.name}.{between.name}"},
        ),
    )
    gives = {f.name: f"{decide.name}.{f.name}" for f in outputs}
    return Program(name, inputs, (prepare, decide), calls, gives)


def _checked(name: str, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Program:
    """An answer, and a second look at it."""
    draft = _module(verb_for(outputs), inputs, outputs, plain_instruction(inputs, outputs))
    drafts: tuple[Field, ...] = ()
    for field in outputs:
        wished = replace(field, name=f"draft_{field.name}"[:64], label="")
        drafts += (named_apart(wished, (*inputs, *outputs, *drafts)),)
    said = _CHECK.replace("{drafts}", _listed([f"{{{f.name}}}" for f in drafts]))
    said = said.replace("{inputs}", _braced(inputs)).replace("{outputs}", _plain(outputs))
    check = _module("check", (*inputs, *drafts), outputs, said)
    given = {f.name: f"{INPUT}.{f.name}" for f in inputs}
    pairs = zip(drafts, outputs, strict=True)
    checked = given | {d.name: f"{draft.name}.{o.name}" for d, o in pairs}
    calls = (Call(draft.name, draft.name, given), Call(check.name, check.name, checked))
    gives = {f.name: f"{check.name}.{f.name}" for f in outputs}
    return Program(name, inputs, (draft, check), calls, gives)


def plain_instruction(inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> str:
    """An instruction that says no more than the fields do: the baseline of an optimization."""
    given, wanted = _braced(inputs), _plain(outputs)
    if len(outputs) == 1 and outputs[0].type is FieldType.CHOICE:
        return f"Read {given} and choose the {wanted} that fits."
    if len(outputs) == 1 and outputs[0].type is FieldType.BOOLEAN:
        return f"Read {given} and say whether {wanted} is true or false."
    if len(outputs) == 1 and outputs[0].type in (FieldType.INTEGER, FieldType.NUMBER):
        return f"Read {given} and work out the {wanted} as a number."
    return f"Read {given} and give the {wanted}."


def verb_for(outputs: tuple[Field, ...]) -> str:
    """A module's name, by what it gives."""
    types = {f.type for f in outputs}
    if types == {FieldType.CHOICE}:
        return "classify"
    if types <= {FieldType.INTEGER, FieldType.NUMBER}:
        return "solve"
    return "answer"


def _module(
    name: str,
    inputs: tuple[Field, ...],
    outputs: tuple[Field, ...],
    instruction: str,
    kind: type[Module] | None = None,
) -> Module:
    return (kind or standard_kind())(name, Signature(inputs, outputs, instruction))


def module_of(inputs: tuple[Field, ...], outputs: tuple[Field, ...], name: str = "") -> Module:
    """A module of the usual kind that does the plainest thing with these fields."""
    said = plain_instruction(inputs, outputs)
    return _module(name or verb_for(outputs), inputs, outputs, said)


def named_apart(field: Field, others: tuple[Field, ...]) -> Field:
    taken = {f.name for f in others}
    name = field.name if field.name not in taken else f"{field.name}_of_it"
    while name in taken:
        name += "_"
    return replace(field, name=name)


def _braced(fields: tuple[Field, ...]) -> str:
    return "the " + _listed([f"{{{f.name}}}" for f in fields])


def _plain(fields: tuple[Field, ...]) -> str:
    return _listed([f.name.replace("_", " ") for f in fields])


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

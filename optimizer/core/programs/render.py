"""Prompts of a program's own calls: instruction and demos first (a prefix to cache), input last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from optimizer.core.programs.demo import Demo
from optimizer.core.programs.layouts import Layout, laid_out
from optimizer.core.programs.lm import Message, Prompt
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.signature import (
    Field,
    FieldType,
    Signature,
    Value,
    object_schema,
    resolve_placeholders,
)


def render(
    module: Module, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0
) -> Prompt:
    """One call of a module with this instruction and these demos on these input values."""
    messages = [Message("system", system_text(module, prompt.instruction))]
    for demo in prompt.demos_for(values):
        messages.append(Message("user", input_text(module, demo.values)))
        messages.append(Message("assistant", reply_text(module, demo)))
    asked = "\n\n".join(filter(None, [input_text(module, values), reminder(module)]))
    messages.append(Message("user", asked))
    return Prompt(tuple(messages), schema=reply_schema(module), sample=sample)


def system_text(module: Module, instruction: str) -> str:
    """The instruction, then what the fields are and how to answer."""
    return "\n\n".join([*task_parts(module, instruction), answer_form(module.reply_fields)])


def task_parts(module: Module, instruction: str) -> list[str]:
    """The instruction, and what the fields are."""
    said = resolve_placeholders(instruction, module.spoken_names).strip()
    described = [_described(f) for f in module.signature.inputs if f.meaning]
    fields = ["Input fields:\n" + "\n".join(described)] if described else []
    return [said or default_instruction(module.signature), *fields]


def answer_form(fields: tuple[Field, ...]) -> str:
    """How a reply with these fields is asked for."""
    return "Answer with a JSON object:\n" + form_of(fields)


def default_instruction(signature: Signature) -> str:
    inputs = ", ".join(f"`{f.name}`" for f in signature.inputs)
    outputs = ", ".join(f"`{f.name}`" for f in signature.outputs)
    return f"Given the fields {inputs}, produce the fields {outputs}."


def input_text(module: Module, values: Mapping[str, Value]) -> str:
    """The inputs of one call, as its module lays them out."""
    inputs = module.signature.inputs
    nullable = {f.name for f in inputs if f.nullable}
    return laid_out(module.layout, {f.name: values.get(f.name) for f in inputs}, nullable)


def reminder(module: Module) -> str:
    """What stands behind the input that is asked about: the form of the reply once more."""
    if module.layout is Layout.LINES:
        return ""
    return answer_form(module.reply_fields)


def reply_text(module: Module, demo: Demo) -> str:
    """A demo's reply, in the form that replies must have."""
    given = [f for f in module.reply_fields if f.name in demo.values]
    shown = {
        f.name: value for f in given if (value := demo.values[f.name]) is not None or f.nullable
    }
    return json.dumps(shown, ensure_ascii=False)


def reply_schema(module: Module) -> dict[str, Any]:
    """The JSON schema of a reply: every output field, in order, nothing else."""
    return object_schema(module.reply_fields)


_SHAPES = {
    FieldType.TEXT: "text",
    FieldType.INTEGER: "a whole number",
    FieldType.NUMBER: "a number",
    FieldType.BOOLEAN: "true or false",
    FieldType.DATE: "a date as YYYY-MM-DD",
}
_LISTS = {
    FieldType.TEXT: "texts",
    FieldType.INTEGER: "whole numbers",
    FieldType.NUMBER: "numbers",
    FieldType.BOOLEAN: "true or false",
    FieldType.DATE: "dates as YYYY-MM-DD",
}


def form_of(fields: tuple[Field, ...]) -> str:
    told = (f"{json.dumps(f.name, ensure_ascii=False)}: {_shape(f)}" for f in fields)
    return "{" + ", ".join(told) + "}"


def shape_of(field: Field) -> str:
    """What a value of this field looks like, in words."""
    several = field.type is FieldType.LIST
    shape = f"a list of {_LISTS.get(field.single, '')}" if several else _SHAPES.get(field.type, "")
    if field.single is FieldType.CHOICE:
        choices = ", ".join(json.dumps(c, ensure_ascii=False) for c in field.choices)
        shape = f"a list of any of {choices}" if several else f"one of {choices}"
    if field.single is FieldType.OBJECT:
        shape = f"{'a list of objects' if several else 'an object'} {form_of(field.fields)}"
    return f"{shape}, or null if there is none" if field.nullable else shape


def _shape(field: Field) -> str:
    shape = shape_of(field)
    return f"<{shape}; {field.meaning}>" if field.meaning else f"<{shape}>"


def _described(field: Field) -> str:
    return f"- {field.name}: {field.meaning}"

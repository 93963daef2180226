"""Typed fields and signatures: what a module takes, what it gives, and its instruction."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.reply import THOUGHTS
from optimizer.core.programs.values import Kind, Nullable, UnreadableValue, read_value

Value = str | int | float | bool | list[str] | None
"""One field's value, as it stands in a dataset row, a demo or a prediction."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")

SHOWN_PLACEHOLDERS = 20
"""Of those that name no field, told one by one."""

REASONING = THOUGHTS
"""Name of the field that a module which thinks aloud writes before its outputs."""


class FieldType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    LIST = "list"


@dataclass(frozen=True)
class Field:
    """One named, typed input or output. `choices` is used by choice fields only. `nullable`: there
    may be no value, which is null.
    """

    name: str
    type: FieldType = FieldType.TEXT
    description: str = ""
    choices: tuple[str, ...] = ()
    nullable: bool = False

    def problems(self) -> list[Problem]:
        found = name_problems(self.name, "name.field")
        if self.name == REASONING:
            found.append(problem("field.reasoning", name=REASONING))
        if self.type is FieldType.CHOICE and len(self.choices) < 2:
            found.append(problem("field.few_choices", name=self.name))
        if len(set(self.choices)) != len(self.choices):
            found.append(problem("field.choice_twice", name=self.name))
        if any(choice != choice.strip() or not choice for choice in self.choices):
            found.append(problem("field.choice_space", name=self.name))
        return found

    def read(self, value: object) -> Value:
        """Turn a reply's or a file's value into this field's type.

        Raises:
            UnreadableValue: the value cannot be read as this type.
        """
        try:
            found: Value = read_value(self.kind, value)
        except UnreadableValue as error:
            raise UnreadableValue(f"{self.name}: {error}") from None
        return found

    @property
    def kind(self) -> Kind:
        """The type as readers of replies know it."""
        kind: Kind = self.choices if self.type is FieldType.CHOICE else self.type.value
        return Nullable(kind) if self.nullable else kind

    def written(self, value: Value) -> str:
        """A value of this field as it stands in a prompt."""
        return NULL if value is None and self.nullable else written(value)

    def json_schema(self) -> dict[str, object]:
        """JSON schema of this field's value, as sent with a request that constrains its reply."""
        schemas: dict[FieldType, dict[str, object]] = {
            FieldType.TEXT: {"type": "string"},
            FieldType.INTEGER: {"type": "integer"},
            FieldType.NUMBER: {"type": "number"},
            FieldType.BOOLEAN: {"type": "boolean"},
            FieldType.CHOICE: {"type": "string", "enum": list(self.choices)},
            FieldType.LIST: {"type": "array", "items": {"type": "string"}},
        }
        schema = schemas[self.type]
        return {"anyOf": [schema, {"type": "null"}]} if self.nullable else schema


@dataclass(frozen=True)
class Signature:
    """Inputs → outputs, with an instruction (the paper's instruction variable, §2)."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    instruction: str = ""

    def field(self, name: str) -> Field | None:
        return next((f for f in (*self.inputs, *self.outputs) if f.name == name), None)

    def problems(self) -> list[Problem]:
        found = [p for f in (*self.inputs, *self.outputs) for p in f.problems()]
        names = [f.name for f in (*self.inputs, *self.outputs)]
        twice = sorted({n for n in names if names.count(n) > 1})
        found += [problem("module.field_twice", name=name) for name in twice]
        if not self.inputs:
            found.append(problem("module.no_inputs"))
        if not self.outputs:
            found.append(problem("module.no_outputs"))
        unknown = unknown_placeholders(self.instruction, names)[:SHOWN_PLACEHOLDERS]
        return found + [
            problem("instruction.no_such_field", name=name, fields=tuple(names)) for name in unknown
        ]


def name_problems(name: str, code: str) -> list[Problem]:
    """Names are Python and JSON names, so that every export can use them as they are.

    `code` says what the name is of: `name.field`, `name.module`, …
    """
    return [] if _NAME.fullmatch(name) else [problem(code, name=name)]


def placeholders(text: str) -> list[str]:
    """Names in single braces, in order of appearance, each once."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def unknown_placeholders(text: str, names: list[str]) -> list[str]:
    return [name for name in placeholders(text) if name not in names]


def resolve_placeholders(text: str) -> str:
    """Write each {field} as `field`: a placeholder refers to a field, whose value follows below."""
    return _PLACEHOLDER.sub(lambda match: f"`{match.group(1)}`", text)


NULL = "null"
"""How a prompt says that there is no value where there may be none."""


def written(value: Value) -> str:
    """A value as it stands in a prompt."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)

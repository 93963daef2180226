"""Typed fields and signatures: what a module takes, what it gives, and its instruction."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from optimizer.core.problems import Problem, problem, warning
from optimizer.core.programs.answers import THOUGHTS
from optimizer.core.programs.thinking import folded
from optimizer.core.programs.values import (
    Kind,
    ListOf,
    Nullable,
    ObjectOf,
    UnreadableValue,
    read_value,
)

Value = str | int | float | bool | list[Any] | dict[str, Any] | None
"""One field's value, as it stands in a dataset row, a demo or a prediction: any JSON."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")

_DOUBLED = re.compile(r"(?<!\{)\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}(?!\})")

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
    DATE = "date"
    OBJECT = "object"


LONGEST_LABEL = 200
DEEPEST = 8
"""Objects in objects that a field may have."""


@dataclass(frozen=True)
class Field:
    """One named, typed input or output. `nullable`: there may be no value, which is null. `items`:
    what a list is of, where that is no text. `choices` are those of a choice, or of a list's items;
    `fields` are the parts of an object, or of a list's objects. `label` is its name for people, of
    any letters.
    """

    name: str
    type: FieldType = FieldType.TEXT
    description: str = ""
    choices: tuple[str, ...] = ()
    nullable: bool = False
    items: FieldType = FieldType.TEXT
    fields: tuple[Field, ...] = ()
    label: str = ""

    @property
    def shown(self) -> str:
        """What people read in place of its name."""
        return self.label or self.name

    @property
    def meaning(self) -> str:
        """What the model is told of it: a label where the name does not say as much, and what it is
        described as.
        """
        label = "" if folded(self.label) == folded(self.name) else self.label.strip()
        return "; ".join(filter(None, [label, self.description]))

    def problems(self) -> list[Problem]:
        found = name_problems(self.name, "name.field")
        if self.name == REASONING:
            found.append(problem("field.reasoning", name=REASONING))
        if len(self.label) > LONGEST_LABEL:
            found.append(problem("field.long_label", name=self.name, most=LONGEST_LABEL))
        return found + self._shape_problems()

    def _shape_problems(self) -> list[Problem]:
        """What is wrong with what its values look like."""
        found = self._parts_problems() if self.single is FieldType.OBJECT else []
        if self.items is FieldType.LIST:
            found.append(problem("field.list_of_lists", name=self.name))
        if self.type is FieldType.CHOICE and len(self.choices) < 2:
            found.append(problem("field.few_choices", name=self.name))
        if len(set(self.choices)) != len(self.choices):
            found.append(problem("field.choice_twice", name=self.name))
        if any(choice != choice.strip() or not choice for choice in self.choices):
            found.append(problem("field.choice_space", name=self.name))
        return found

    def _parts_problems(self) -> list[Problem]:
        names = [part.name for part in self.fields]
        twice = sorted({name for name in names if names.count(name) > 1})
        found = [problem("field.part_twice", name=self.name, part=part) for part in twice]
        if not names:
            found.append(problem("field.no_parts", name=self.name))
        if self.depth > DEEPEST:
            return [problem("field.deep", name=self.name, most=DEEPEST)]
        for part in self.fields:
            wrong = part._shape_problems()
            if not part.name.strip():
                wrong.append(problem("field.part_unnamed", name=self.name))
            found += wrong
        return found

    @property
    def depth(self) -> int:
        """Objects in objects, this one with them."""
        own = self.single is FieldType.OBJECT
        return own + max((part.depth for part in self.fields), default=0)

    @property
    def single(self) -> FieldType:
        """The type of one value: of a list, of an item."""
        if self.type is not FieldType.LIST:
            return self.type
        return FieldType.CHOICE if self.choices and self.items is FieldType.TEXT else self.items

    @property
    def item(self) -> Field:
        """An item of a list, as a field."""
        return replace(self, type=self.single, items=FieldType.TEXT, nullable=False)

    @property
    def listed(self) -> Field:
        """A list of such values; of lists, one of texts."""
        if self.type is FieldType.LIST:
            return Field(self.name, FieldType.LIST, self.description)
        return replace(self, type=FieldType.LIST, items=self.type, nullable=False)

    def read(self, value: object) -> Value:
        """Turn a reply's or a file's value into this field's type.

        Raises:
            UnreadableValue: the value cannot be read as this type.
        """
        try:
            found: Value = read_value(self.kind, value)
        except UnreadableValue as error:
            raise error.below(self.name) from None
        return found

    @property
    def kind(self) -> Kind:
        """The type as readers of replies know it."""
        kind: Kind = self.single.value
        if self.single is FieldType.CHOICE:
            kind = self.choices
        if self.single is FieldType.OBJECT:
            kind = ObjectOf({part.name: part.kind for part in self.fields})
        if self.type is FieldType.LIST:
            kind = self.type.value if kind == FieldType.TEXT else ListOf(kind)
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
            FieldType.DATE: {"type": "string", "format": "date"},
        }
        schema = schemas.get(self.single) or object_schema(self.fields)
        if self.type is FieldType.LIST:
            schema = {"type": "array", "items": schema}
        return {"anyOf": [schema, {"type": "null"}]} if self.nullable else schema


def object_schema(fields: tuple[Field, ...]) -> dict[str, object]:
    """JSON schema of an object with each of these fields, in order, and nothing else."""
    return {
        "type": "object",
        "properties": {f.name: f.json_schema() for f in fields},
        "required": [f.name for f in fields],
        "additionalProperties": False,
    }


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
        return found

    @property
    def names(self) -> list[str]:
        return [f.name for f in (*self.inputs, *self.outputs)]

    def hints(self, also: Collection[str] = ()) -> list[Problem]:
        """What the instruction may mean otherwise than it is sent: braces that name no field and
        none of what it may `also` speak of, and these in the double braces of other tools.
        """
        names = [*self.names, *(name for name in also if name not in self.names)]
        unknown = unknown_placeholders(self.instruction, names)[:SHOWN_PLACEHOLDERS]
        doubled = [n for n in dict.fromkeys(_DOUBLED.findall(self.instruction)) if n in names]
        return [
            *(warning("instruction.no_such_field", name=n, fields=tuple(names)) for n in unknown),
            *(warning("instruction.doubled", name=name) for name in doubled),
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


def resolve_placeholders(text: str, names: Collection[str]) -> str:
    """Write each {field} of these as `field`: a placeholder refers to a field, whose value follows
    below. What else stands in braces is text: LaTeX, code, paths.
    """
    return _PLACEHOLDER.sub(lambda found: f"`{found[1]}`" if found[1] in names else found[0], text)


NULL = "null"
"""How a prompt says that there is no value where there may be none."""


def written(value: Value) -> str:
    """A value as it stands in a prompt."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)

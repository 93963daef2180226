"""Typed fields and signatures: what a module takes, what it gives, and its instruction."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.storable import storable

Value = str | int | float | bool | list[str] | None
"""One field's value, as it stands in a dataset row, a demo or a prediction."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")

SHOWN_PLACEHOLDERS = 20
"""Of those that name no field, told one by one."""

REASONING = "reasoning"
"""Name of the field that a module which thinks aloud writes before its outputs."""


class FieldType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    LIST = "list"


class UnreadableValue(ValueError):
    """A value does not fit its field's type; the message says what would."""


@dataclass(frozen=True)
class Field:
    """One named, typed input or output. `choices` is used by choice fields only."""

    name: str
    type: FieldType = FieldType.TEXT
    description: str = ""
    choices: tuple[str, ...] = ()

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
        readers: dict[FieldType, Callable[[object], Value]] = {
            FieldType.TEXT: _read_text,
            FieldType.INTEGER: _read_integer,
            FieldType.NUMBER: _read_number,
            FieldType.BOOLEAN: _read_boolean,
            FieldType.CHOICE: self._read_choice,
            FieldType.LIST: _read_list,
        }
        try:
            return readers[self.type](value)
        except UnreadableValue as error:
            raise UnreadableValue(f"{self.name}: {error}") from None

    def _read_choice(self, value: object) -> str:
        text = _read_text(value).strip()
        if text in self.choices:
            return text
        by_folded = {choice.casefold(): choice for choice in reversed(self.choices)}
        bare = text.strip(" .\"'`").casefold()
        found = by_folded.get(text.casefold(), by_folded.get(bare))
        if found is None:
            shown = ", ".join(self.choices[:12])
            raise UnreadableValue(f"“{text[:80]}” is none of the choices ({shown})")
        return found

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
        return schemas[self.type]


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


def written(value: Value) -> str:
    """A value as it stands in a prompt."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


_BEYOND_DOUBT = 1e16
"""From here on a float is written with an exponent, and comes back from Postgres as an integer."""


def _read_text(value: object) -> str:
    if value is None:
        raise UnreadableValue("no value")
    try:
        return storable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    except RecursionError:
        raise UnreadableValue("the value is nested too deeply") from None


def _read_integer(value: object) -> int:
    number = _read_number(value)
    if number != int(number):
        raise UnreadableValue(f"{value} is not a whole number")
    if isinstance(value, int):
        return value
    text = _plain_digits(value)
    # int() refuses texts of thousands of digits, which may be zeros before a small number.
    return int(Decimal(text)) if re.fullmatch(r"[-+]?\d+", text) else int(number)


def _read_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnreadableValue(f"{_short(value)} is not a number")
    try:
        number = float(_plain_digits(value))
    except ValueError:
        raise UnreadableValue(f"{_short(value)} is not a number") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise UnreadableValue(f"{_short(value)} is not a finite number")
    return int(number) if abs(number) >= _BEYOND_DOUBT else number + 0.0  # no minus zero


def _plain_digits(value: object) -> str:
    return str(value).replace(",", "").strip()


def _short(value: object) -> str:
    text = storable(value) if isinstance(value, str) else type(value).__name__
    return f"“{text[:80]}{'…' if len(text) > 80 else ''}”"


def _read_boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    found = words.get(str(value).strip().casefold())
    if found is None:
        raise UnreadableValue(f"{_short(value)} is neither true nor false")
    return found


def _read_list(value: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [_read_text(item) if item is not None else "null" for item in value]
    if not isinstance(value, str):
        raise UnreadableValue(f"{_short(value)} is not a list")
    text = value.strip()
    if text.startswith("["):
        try:
            return _read_list(json.loads(text))
        except (ValueError, RecursionError):
            raise UnreadableValue("begins like a JSON list but is not one") from None
    return [part.strip() for part in re.split(r"[\n;,]", _read_text(text)) if part.strip()]

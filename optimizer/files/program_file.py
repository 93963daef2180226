"""P.json: a program as a file, read with every fault and its place, written in one spelling.

docs/program-format.md describes it; `python -m optimizer.files.program_file` prints its JSON
schema.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import ValidationError

from optimizer import codec
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, name_problems
from optimizer.core.programs.storable import is_storable
from optimizer.files.program_size import MOST_PORTS, excesses, ports

FORMAT = "promptlab/program@1"
_NAME_PATTERN = "^[A-Za-z][A-Za-z0-9_]{0,63}$"
MOST_FAULTS = 50  # that are told
LONGEST_PLACE, LONGEST_MESSAGE = 200, 500  # characters
_NAMED = ("Field", "Module", "Call")
_VALUE = "a text, a number, true, false, a list of texts or null"


@dataclass(frozen=True)
class Fault:
    """Something wrong in a file, and its place: `modules[0].kind`, or `line 3, column 7`."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message

    def shortened(self) -> Fault:
        """Names in a file may be as long as the file."""
        return Fault(_cut(self.place, LONGEST_PLACE), _cut(self.message, LONGEST_MESSAGE))


class UnreadableProgram(ValueError):
    """A file that is no program; `faults` are the first that were found, the message lists them."""

    def __init__(self, faults: list[Fault]) -> None:
        told = [fault.shortened() for fault in faults[:MOST_FAULTS]]
        self.faults = [*told, Fault("", "And more.")] if len(faults) > MOST_FAULTS else told
        super().__init__("; ".join(map(str, self.faults)))


def read(text: str) -> Program:
    """Read a program file. What it holds may still have `problems()`: a draft is a program, too.

    Raises:
        UnreadableProgram: it is no JSON, has a wrong shape, or names that nothing can refer to.
    """
    data = _parsed(text)
    faults = [Fault(place, told) for place, told in excesses(data)]
    if faults:
        raise UnreadableProgram(faults)
    faults = [*islice(_unstorable(data), MOST_FAULTS + 1), *_unknown_format(data)]
    if faults:
        raise UnreadableProgram(faults)
    try:
        program: Program = codec.adapter(Program).validate_python(data)
    except ValidationError as error:
        raise UnreadableProgram(_shape_faults(error)) from error
    if ports(program) > MOST_PORTS:
        told = f"All calls together have {ports(program):,} inputs and outputs; up to {MOST_PORTS} "
        raise UnreadableProgram([Fault("calls", f"{told}are taken.")])
    faults = [*_unknown_keys(data, codec.to_json(program)), *_name_faults(program)]
    if faults:
        raise UnreadableProgram(faults)
    return program


def write(program: Program) -> str:
    """The file of a program: every key, in the order of the documentation."""
    return json.dumps(codec.to_json(program), ensure_ascii=False, indent=2) + "\n"


def schema() -> dict[str, Any]:
    """The JSON schema of a program file."""
    found: dict[str, Any] = codec.adapter(Program).json_schema()
    definitions = found["$defs"]
    for shape in (found, *definitions.values()):
        if "properties" in shape:
            shape["additionalProperties"] = False
    for name in _NAMED:
        definitions[name]["properties"]["name"]["pattern"] = _NAME_PATTERN
    found["properties"]["outputs"]["propertyNames"] = {"pattern": _NAME_PATTERN}
    found["properties"]["format"] = {"const": FORMAT, "default": FORMAT, "title": "Format"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **found,
        "title": "promptlab program",
    }


def _parsed(text: str) -> dict[str, Any]:
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counted = Counter(key for key, _ in pairs)
            twice.extend(key for key, times in counted.items() if times > 1)
        return found

    try:
        data = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=once)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UnreadableProgram([Fault(place, f"this is not JSON: {error.msg}.")]) from None
    except (ValueError, RecursionError):
        raise UnreadableProgram(
            [Fault("", "This is not JSON that a program could be written in.")]
        ) from None
    if twice:
        raise UnreadableProgram(
            [Fault("", f"The key “{key}” is written twice in one object.") for key in twice]
        )
    if not isinstance(data, dict):
        raise UnreadableProgram([Fault("", "A program file is one JSON object: { … }.")])
    return data


def _unknown_format(data: dict[str, Any]) -> list[Fault]:
    found = data.get("format", FORMAT)
    if found == FORMAT:
        return []
    return [Fault("format", f"{json.dumps(found)[:80]} is not known; this reads “{FORMAT}”.")]


def _unstorable(data: object, place: str = "") -> Iterator[Fault]:
    """Neither Postgres nor UTF-8 holds the zero character or half a surrogate pair."""
    if isinstance(data, str):
        if not is_storable(data):
            yield Fault(
                place, "it holds a character that cannot be stored (\\u0000 or a half pair)."
            )
    elif isinstance(data, float):
        if data != data or data in (float("inf"), float("-inf")):
            yield Fault(place, "it is not a finite number.")
    else:
        for key, inner in _entries(data):
            yield from _unstorable(key, place)
            yield from _unstorable(inner, _below(place, key))


def _shape_faults(error: ValidationError) -> list[Fault]:
    """One fault a place; a value that fits none of its possible types is one fault, not six."""
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        steps, message = list(problem["loc"]), _sentence(problem["type"], problem["msg"])
        if "values" in steps and len(steps) > steps.index("values") + 2:
            steps, message = steps[: steps.index("values") + 2], f"use {_VALUE}."
        place = ""
        for step in steps:
            place = _below(place, step)
        found.setdefault(place, message)
    return [Fault(place, message) for place, message in found.items()]


def _sentence(kind: str, message: str) -> str:
    if kind == "missing":
        return "it is missing."
    plain = {
        "string_type": "use a text.",
        "tuple_type": "use a list: [ … ].",
        "dict_type": "use an object: { … }.",
        "dataclass_type": "use an object: { … }.",
        "bool_type": "use true or false.",
    }
    return plain.get(kind, message[0].lower() + message[1:] + ".")


def _unknown_keys(given: object, kept: object, place: str = "") -> Iterator[Fault]:
    """Keys that no part of a program has: left unsaid they would be lost."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key in sorted(given.keys() - kept.keys()):
            yield Fault(
                _below(place, key), f"no such key; the keys here are {', '.join(sorted(kept))}."
            )
    for key, inner in _entries(given):
        if isinstance(kept, dict) and key in kept:
            yield from _unknown_keys(inner, kept[str(key)], _below(place, key))
        elif isinstance(kept, list) and isinstance(key, int):
            yield from _unknown_keys(inner, kept[key], _below(place, key))


def _name_faults(program: Program) -> Iterator[Fault]:
    """Names that no link, wire or export could use."""
    yield from _faults_of(_names(program.inputs, "inputs"), "a field")
    modules = [(f"modules[{i}].name", m.name) for i, m in enumerate(program.modules)]
    yield from _faults_of(modules, "a module")
    for i, module in enumerate(program.modules):
        where = f"modules[{i}].signature"
        inputs = _names(module.signature.inputs, f"{where}.inputs")
        yield from _faults_of(
            inputs + _names(module.signature.outputs, f"{where}.outputs"), "a field"
        )
    calls = [(f"calls[{i}].name", c.name) for i, c in enumerate(program.calls)]
    yield from _faults_of(calls, "a call")
    yield from _faults_of([(f"outputs.{name}", name) for name in program.outputs], "an output")


def _names(fields: tuple[Field, ...], place: str) -> list[tuple[str, str]]:
    return [(f"{place}[{i}].name", field.name) for i, field in enumerate(fields)]


def _faults_of(places: list[tuple[str, str]], a_kind: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, name in places:
        for problem in name_problems(name, a_kind):
            yield Fault(place, problem)
        if name in seen:
            yield Fault(place, f"“{name}” is already the name of another one: rename one.")
        seen.add(name)


def _entries(data: object) -> Iterator[tuple[str | int, Any]]:
    if isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list):
        yield from enumerate(data)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _below(place: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{place}[{key}]"
    return f"{place}.{key}" if place else key


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")

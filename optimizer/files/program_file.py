"""The program file: read with every fault and its place, written in one spelling.

docs/program-format.md describes it; `python -m optimizer.files.program_file` prints its JSON
schema.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from pydantic import TypeAdapter, ValidationError

from optimizer import codec
from optimizer.core.modules import MODULE_KINDS
from optimizer.core.problems import Problem, Refused, problem
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, name_problems
from optimizer.core.programs.storable import is_storable
from optimizer.datasets.yaml_text import as_json
from optimizer.files.dspy_state import predictors_in, read_onto
from optimizer.files.program_size import MOST_PORTS, excesses, ports
from optimizer.files.program_within import PROGRAM as FORMAT
from optimizer.files.program_within import Within, program_within

_NAME_PATTERN = "^[A-Za-z][A-Za-z0-9_]{0,63}$"
MOST_FAULTS = 50  # that are told
LONGEST_TOLD = 200  # characters of a place, and of each value


@dataclass(frozen=True)
class ProgramFile:
    """A program that was read. `version` is the number of the version that it was read from, None
    where the file is a program's own; `told` is what else the file held and was not taken.
    """

    program: Program
    version: int | None = None
    told: tuple[Problem, ...] = ()


def read(text: str) -> Program:
    """The program of a file. Raises as `read_file` does."""
    return read_file(text).program


def read_file(text: str, onto: Program | None = None) -> ProgramFile:
    """Read a program file, a version's JSON, or the API's answer for either; or a state that DSPy
    saved, whose prompts go `onto` a program. What it holds may still have `problems()`: a draft is
    a program, too.

    It may be written as YAML, too.

    Raises:
        Refused: it is neither, has a wrong shape, or names that nothing can refer to. Places are
            `modules[0].kind`, or `line 3, column 7`; of many problems the first are told.
    """
    data = _parsed(text)
    if onto is not None and predictors_in(data):
        return ProgramFile(*_read_onto(onto, data))
    within = program_within(data)
    try:
        return ProgramFile(_program(within.data), within.version, within.told)
    except Refused as refusal:
        raise Refused(*(_placed(p, within) for p in refusal.problems)) from refusal


def _read_onto(program: Program, data: dict[str, Any]) -> tuple[Program, None, tuple[Problem, ...]]:
    made, told = read_onto(program, data)
    return made, None, told


def _placed(fault: Problem, within: Within) -> Problem:
    """A fault of a program by its place in the whole file."""
    return fault.at(_below(within.place, fault.place)) if fault.place else fault


def _program(data: dict[str, Any]) -> Program:
    _refuse(excesses(data))
    _refuse([*islice(_unstorable(data), MOST_FAULTS + 1), *_unknown_format(data)])
    try:
        program: Program = codec.adapter(Program).validate_python(data)
    except ValidationError as error:
        raise _refused(_shape_faults(error)) from error
    if ports(program) > MOST_PORTS:
        raise Refused.because("file.many_ports", "calls", n=ports(program), most=MOST_PORTS)
    _refuse([*_unknown_keys(data, codec.every_key(program)), *_name_faults(program)])
    return program


def write(program: Program) -> str:
    """The file of a program: in the order of the documentation."""
    return json.dumps(codec.to_json(program), ensure_ascii=False, indent=2) + "\n"


def schema() -> dict[str, Any]:
    """The JSON schema of a program file."""
    # Not the codec's own adapter: that one may be older than the last kind of the registry.
    found: dict[str, Any] = TypeAdapter(Program).json_schema()
    definitions = found["$defs"]
    for shape in (found, *definitions.values()):
        if "properties" in shape:
            shape["additionalProperties"] = False
    for name in ("Field", "Call", *(kind.__name__ for kind in MODULE_KINDS.values())):
        definitions[name]["properties"]["name"]["pattern"] = _NAME_PATTERN
    found["properties"]["outputs"]["propertyNames"] = {"pattern": _NAME_PATTERN}
    found["properties"]["format"] = {"const": FORMAT, "default": FORMAT, "title": "Format"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **found,
        "title": "promptlab program",
    }


def _refuse(faults: Iterable[Problem]) -> None:
    """Raises Refused when there is a fault."""
    found = list(faults)
    if found:
        raise _refused(found)


def _refused(faults: list[Problem]) -> Refused:
    told = map(_shortened, faults[:MOST_FAULTS])
    return Refused(*told, *([problem("file.more")] if len(faults) > MOST_FAULTS else []))


def _shortened(fault: Problem) -> Problem:
    """Names in a file may be as long as the file."""
    values = {k: _cut(v) if isinstance(v, str) else v for k, v in fault.values.items()}
    return replace(fault, place=_cut(fault.place), values=values)


def _parsed(text: str) -> dict[str, Any]:
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counted = Counter(key for key, _ in pairs)
            twice.extend(key for key, times in counted.items() if times > 1)
        return found

    text = text.removeprefix("\ufeff")
    try:
        data = json.loads(_as_json(text), object_pairs_hook=once)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Refused.because("file.not_json", place, why=error.msg) from None
    except (ValueError, RecursionError):
        raise Refused.because("file.no_program_json") from None
    _refuse(problem("file.key_twice", key=key) for key in twice)
    if not isinstance(data, dict):
        raise Refused.because("file.no_object")
    return data


def _as_json(text: str) -> str:
    """What begins as no JSON does may be YAML."""
    if text.lstrip()[:1] in ("{", "[", ""):
        return text
    try:
        return as_json(text)
    except Refused as refusal:
        if refusal.problems[0].code == "yaml.unreadable":
            raise Refused.because("file.no_program_json") from None
        raise


def _unknown_format(data: dict[str, Any]) -> list[Problem]:
    found = data.get("format", FORMAT)
    if found == FORMAT:
        return []
    return [problem("file.other_format", "format", given=json.dumps(found)[:80], known=FORMAT)]


def _unstorable(data: object, place: str = "") -> Iterator[Problem]:
    """Neither Postgres nor UTF-8 holds the zero character or half a surrogate pair."""
    if isinstance(data, str):
        if not is_storable(data):
            yield problem("file.unstorable", place)
    elif isinstance(data, float):
        if data != data or data in (float("inf"), float("-inf")):
            yield problem("file.not_finite", place)
    else:
        for key, inner in _entries(data):
            yield from _unstorable(key, place)
            yield from _unstorable(inner, _below(place, key))


def _shape_faults(error: ValidationError) -> list[Problem]:
    """One fault a place."""
    found: dict[str, Problem] = {}
    for steps, kind, message in codec.faults_of(error):
        place = ""
        for step in steps:
            place = _below(place, step)
        found.setdefault(place, _shape_fault(kind, message).at(place))
    return list(found.values())


def _shape_fault(kind: str, message: str) -> Problem:
    known = {
        "missing": problem("file.missing"),
        "string_type": problem("file.no_text"),
        "tuple_type": problem("file.no_list"),
        "dict_type": problem("file.no_dict"),
        "dataclass_type": problem("file.no_dict"),
        "bool_type": problem("file.no_boolean"),
    }
    return known.get(kind) or problem("file.shape", why=message[0].lower() + message[1:])


def _unknown_keys(given: object, kept: object, place: str = "") -> Iterator[Problem]:
    """Keys that no part of a program has: left unsaid they would be lost."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key in sorted(given.keys() - kept.keys()):
            yield problem("file.no_such_key", _below(place, key), keys=tuple(sorted(kept)))
    for key, inner in _entries(given):
        if isinstance(kept, dict) and key in kept:
            yield from _unknown_keys(inner, kept[str(key)], _below(place, key))
        elif isinstance(kept, list) and isinstance(key, int):
            yield from _unknown_keys(inner, kept[key], _below(place, key))


def _name_faults(program: Program) -> Iterator[Problem]:
    """Names that no link, wire or export could use."""
    yield from _faults_of(_names(program.inputs, "inputs"), "name.field")
    modules = [(f"modules[{i}].name", m.name) for i, m in enumerate(program.modules)]
    yield from _faults_of(modules, "name.module")
    for i, module in enumerate(program.modules):
        where = f"modules[{i}].signature"
        inputs = _names(module.signature.inputs, f"{where}.inputs")
        yield from _faults_of(
            inputs + _names(module.signature.outputs, f"{where}.outputs"), "name.field"
        )
    calls = [(f"calls[{i}].name", c.name) for i, c in enumerate(program.calls)]
    yield from _faults_of(calls, "name.call")
    yield from _faults_of([(f"outputs.{name}", name) for name in program.outputs], "name.output")


def _names(fields: tuple[Field, ...], place: str) -> list[tuple[str, str]]:
    return [(f"{place}[{i}].name", field.name) for i, field in enumerate(fields)]


def _faults_of(places: list[tuple[str, str]], code: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, name in places:
        for wrong in name_problems(name, code):
            yield wrong.at(place)
        if name in seen:
            yield problem("file.name_taken", place, name=name)
        seen.add(name)


def _entries(data: object) -> Iterator[tuple[str | int, Any]]:
    if isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list):
        yield from enumerate(data)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TOLD else text[: LONGEST_TOLD - 1] + "…"


def _below(place: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{place}[{key}]"
    return f"{place}.{key}" if place else key


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")

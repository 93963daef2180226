"""Where a program is in the JSON that promptlab hands out: a version, or an answer of the API.

What holds prompts without their program is refused, with the file to take instead.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from optimizer.core.problems import Problem, Refused, warning
from optimizer.files.promptfoo import is_promptfoo, program_data

PROGRAM = "promptlab/program@1"
VERSION = "promptlab/version@1"
_OF_VERSION = {"format", "name", "version", "program", "provenance"}


@dataclass(frozen=True)
class Within:
    """The JSON of a program, and its place in the file, "" for all of it. `version` is the number
    of the version that it was read from; `told` is what was not taken.
    """

    data: dict[str, Any]
    place: str = ""
    version: int | None = None
    told: tuple[Problem, ...] = ()


def program_within(data: dict[str, Any]) -> Within:
    """
    Raises:
        Refused: it is a version of a form that is not known, or holds prompts alone.
    """
    if _is_version(data):
        return _of_version(data, "program")
    if is_promptfoo(data):
        made, told = program_data(data)
        return Within(made, "prompts", told=told)
    content, program = data.get("content"), data.get("program")
    if isinstance(content, dict) and _is_version(content):
        return _of_version(content, "content.program")
    if "format" not in data and isinstance(program, dict) and "modules" in program:
        return Within(program, "program")  # the API's answer for a program
    if _is_dspy_state(data):
        raise Refused.because("file.dspy_state")
    if _holds_prompts(data.get("modules")) or _holds_prompts(_best_prompts(data)):
        raise Refused.because("file.prompts_alone")
    return Within(data)


def _of_version(data: dict[str, Any], place: str) -> Within:
    told = json.dumps(data.get("format"))[:80]
    if data.get("format") != VERSION:
        where = f"{place.removesuffix('program')}format"
        raise Refused.because("file.other_format", where, given=told, known=VERSION)
    program, number = data.get("program"), data.get("version")
    if program is None:
        raise Refused.because("file.missing", place)
    if not isinstance(program, dict):
        raise Refused.because("file.no_dict", place)
    left = [warning("file.version_left")]
    if further := sorted(data.keys() - _OF_VERSION):
        left.append(warning("file.keys_left", keys=tuple(further)))
    return Within(program, place, number if type(number) is int else 0, tuple(left))


def _is_version(data: dict[str, Any]) -> bool:
    named = data.get("format")
    return isinstance(named, str) and named.partition("@")[0] == VERSION.partition("@")[0]


def _is_dspy_state(data: dict[str, Any]) -> bool:
    """Predictors by name, and what DSPy was saved with."""
    parts = [part for name, part in data.items() if name != "metadata" and isinstance(part, dict)]
    return any("demos" in part and "signature" in part for part in parts)


def _best_prompts(data: dict[str, Any]) -> object:
    """Of the line that `manage.py optimize --json` ends with."""
    best = data.get("best")
    return best.get("prompts") if isinstance(best, dict) else None


def _holds_prompts(modules: object) -> bool:
    """Instructions and demos by the names of their modules, as a candidate has them."""
    if not isinstance(modules, dict) or not modules:
        return False
    return all(isinstance(m, dict) and "instruction" in m for m in modules.values())

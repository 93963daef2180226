"""What to change, each with its place: the problems of a refusal."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from ninja.errors import ValidationError

from optimizer.core import problems as core
from optimizer.sentences import sentence as told
from promptlab.api.schemas.base import Problem


def sentence(problems: list[Problem]) -> str:
    """All problems in one line."""
    return " ".join(f"{p.field}: {p.message}" if p.field else p.message for p in problems)


@singledispatch
def problems_of(error: Exception) -> list[Problem]:
    """What to change, each with its place; empty when the sentence says it all."""
    return []


@problems_of.register
def _(error: core.Refused) -> list[Problem]:
    return [Problem(field=p.place, message=told(p)) for p in error.problems]


@problems_of.register
def _(error: ValidationError) -> list[Problem]:
    return [Problem(field=_place(e["loc"]), message=_message(e)) for e in error.errors]


def _below(place: str, part: str) -> str:
    return ".".join(word for word in (place, part) if word)


# Where ninja says a value came from, and names of parameters that hold a whole body.
_SOURCES = ("body", "query", "path", "form", "file", "header", "wish")


def _place(steps: tuple[int | str, ...]) -> str:
    """`("body", "wish", "models", "task")` → `models.task`."""
    kept = list(steps)
    while len(kept) > 1 and kept[0] in _SOURCES:
        kept.pop(0)
    place = ""
    for step in kept:
        place = f"{place}[{step}]" if isinstance(step, int) else _below(place, str(step))
    return place


def _message(error: dict[str, Any]) -> str:
    plain = {
        "missing": "It is missing.",
        "extra_forbidden": "There is no such key.",
        "json_invalid": "It is not JSON.",
    }
    text: str = plain.get(error["type"], "")
    said = error["msg"].removeprefix("Value error, ")
    return text or f"{said[0].upper()}{said[1:]}."

"""Replies read back into typed values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from optimizer.core.programs.program import Module
from optimizer.core.programs.signature import FieldType, UnreadableValue, Value

_FENCE = re.compile(r"^```[a-z]*\n(.*)\n```$", re.DOTALL)
_ATTEMPTS = 64
"""Braces to try before a reply is called unreadable: thinking aloud may use some."""


class UnreadableReply(ValueError):
    """A model's reply does not give the module's outputs; the message says what is missing."""


def parse(module: Module, reply: str) -> dict[str, Value]:
    """Read a reply: a JSON object, alone, fenced or in the midst of text; or, for a module with a
    single output that is no list, the bare answer.

    Raises:
        UnreadableReply: an output is missing or not of its type.
    """
    fields = module.reply_fields
    text = _unfenced(reply)
    names = {field.name for field in fields}
    found = _json_object(text, names)
    if found is None or not names & found.keys():
        found = _bare(module, text) or found
    if found is None:
        raise UnreadableReply(f"The reply is no JSON object: “{_short(reply)}”")
    values: dict[str, Value] = {}
    for field in fields:
        if field.name not in found:
            raise UnreadableReply(f"The reply lacks “{field.name}”: “{_short(reply)}”")
        try:
            values[field.name] = field.read(found[field.name])
        except UnreadableValue as error:
            raise UnreadableReply(str(error)) from None
    return values


def read_object(reply: str, names: set[str]) -> dict[str, object]:
    """The JSON object of a reply, alone, fenced or in the midst of text, that has most to do with
    `names`; {} when there is none.
    """
    return _json_object(_unfenced(reply), names) or {}


def _unfenced(reply: str) -> str:
    text = reply.strip()
    fence = _FENCE.match(text)
    return fence.group(1).strip() if fence else text


def _json_object(text: str, names: set[str]) -> dict[str, object] | None:
    """The first object with all these names, otherwise the first object, otherwise None."""
    objects = list(_objects(text))
    complete = (found for found in objects if names <= found.keys())
    return next(complete, objects[0] if objects else None)


def _objects(text: str) -> Iterator[dict[str, object]]:
    decoder = json.JSONDecoder(strict=False)
    start = text.find("{")
    for _ in range(_ATTEMPTS):
        if start < 0:
            return
        try:
            found, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):  # ValueError: also a number of thousands of digits
            end = start + 1
        else:
            yield found
        start = text.find("{", end)


def _bare(module: Module, text: str) -> dict[str, object] | None:
    fields = module.reply_fields
    if len(fields) != 1 or fields[0].type is FieldType.LIST or not text:
        return None
    name = fields[0].name
    if text.startswith("{") or f'"{name}"' in text:
        return None  # an object that broke off, not an answer
    return {name: re.sub(rf"^{re.escape(name)}:\s*", "", text, flags=re.IGNORECASE)}


def _short(reply: str) -> str:
    text = " ".join(reply.split())
    return text[:120] + ("…" if len(text) > 120 else "")

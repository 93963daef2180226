"""The values of a record that a reply gives, each as the kind of its field.

It stands alone, on the standard library and what stands above it: everything below the line of
dashes is copied into the files that a version is downloaded as.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from optimizer.core.programs.mending import BROKEN_OFF
from optimizer.core.programs.stated import meant_value
from optimizer.core.programs.thinking import folded
from optimizer.core.programs.values import (
    UNSTORABLE,
    Kind,
    ListOf,
    ObjectOf,
    UnreadableValue,
    is_null,
    items_in,
    list_of,
    object_in,
    object_of,
    plain_kind,
    read_value,
)

# ----------------------------------------------------------------------------------------------

THOUGHTS = "reasoning"
"""An output that may be missing: no answer is lost with it."""
ANSWERS = ("answer", "final_answer", "result", "output", "response", "prediction", "value")
"""What models call the only output of a module, whatever its name."""


class UnreadableReply(UnreadableValue):
    """A model's reply does not give the outputs; the message says what is missing."""


class Several(list[Any]):
    """Values of one key, of which only one can be meant."""


def named_in(outputs: Mapping[str, Kind], found: Mapping[str, Any]) -> dict[str, Any]:
    """What an object has of the outputs, whatever the case and decoration of its keys."""
    wanted: dict[str, list[str]] = {}
    for name in outputs:
        wanted.setdefault(folded(name), []).append(name)
    record: dict[str, Any] = {}
    for key, value in found.items():
        names = wanted.get(folded(key), [])
        own = key if key in outputs else names[0] if len(names) == 1 else None
        if own is not None:
            same = own not in record or record[own] == value
            record[own] = value if same else Several([record[own], value])
    return record


def short(reply: str) -> str:
    """The beginning of a reply, as it is quoted in a sentence."""
    text = " ".join(UNSTORABLE.sub("\ufffd", reply[:2000]).split())
    return text[:120] + ("…" if len(text) > 120 else "")


_TEX = re.compile(
    "\b(?=(?:eta|egin|ar|inom|igg?[lr]?|oxed|ullet|mod|oldsymbol|ot|ecause)\\b)"
    "|\f(?=(?:d?rac|orall)\\b)"
)
"""The control characters that JSON makes of TeX commands which are not escaped."""


def values_of(outputs: Mapping[str, Kind], record: Mapping[str, Any], reply: str) -> dict[str, Any]:
    values = {}
    for name, kind in outputs.items():
        try:
            if name not in record:
                raise UnreadableReply(f"The reply lacks “{name}”: “{short(reply)}”")
            values[name] = _answer(name, kind, record[name])
        except UnreadableValue as error:
            if name != THOUGHTS:
                told = str(error) if name not in record else str(error.below(name))
                raise UnreadableReply(told) from None
    return values


def _answer(name: str, wanted: Kind, value: Any) -> Any:
    """A value as a model writes it: wrapped once more, decorated, or said in a sentence."""
    kind = plain_kind(wanted)
    for _ in range(3):  # an object in a list in an object
        value = _unwrapped(name, kind, value)
    if isinstance(value, Several):
        raise UnreadableValue("two different values are given")
    if is_null(wanted, value):
        return None
    if isinstance(kind, ListOf | ObjectOf):
        return _structured(kind, value)
    if isinstance(value, str):
        value = _TEX.sub(lambda mark: "\\b" if mark[0] == "\b" else "\\f", value)
        return _broken_off(kind, value) if value.endswith(BROKEN_OFF) else meant_value(kind, value)
    if kind == "list" and isinstance(value, list):
        return [_answer("", "text", item) if item is not None else "null" for item in value]
    if isinstance(value, bool) and isinstance(kind, tuple):
        words = ("true", "yes") if value else ("false", "no")
        value = next((choice for choice in kind if choice.casefold() in words), value)
    return read_value(kind, value)


def _structured(kind: ListOf | ObjectOf, value: Any) -> Any:
    """An object or a list of which each part is read so."""
    if isinstance(value, str) and value.endswith(BROKEN_OFF):
        raise UnreadableValue("it is no JSON, or broke off")
    if isinstance(kind, ListOf):
        return list_of(items_in(kind, value), lambda item: _answer("", kind.kind, item))
    kinds = kind.kinds
    return object_of(
        kind, named_in(kinds, object_in(value)), lambda name, part: _answer(name, kinds[name], part)
    )


def _unwrapped(name: str, kind: Kind, value: Any) -> Any:
    """A value that stands in an object or a list of its own."""
    if isinstance(value, dict) and not (isinstance(kind, ObjectOf) and named_in(kind.kinds, value)):
        parts = {folded(key): part for key, part in value.items()}
        known = [n for n in (folded(name), *map(folded, ANSWERS)) if n and n in parts]
        value = parts[known[0]] if len(known) == 1 else value
    several = kind in ("text", "list") or isinstance(kind, ListOf)
    if isinstance(value, list) and len(value) == 1 and not several:
        value = value[0]
    return value


def _broken_off(kind: Kind, value: str) -> Any:
    """What no continuation would make another answer; nothing else that broke off."""
    text = value.removesuffix(BROKEN_OFF)
    choices = kind if isinstance(kind, tuple) else ()
    certain = kind == "boolean" or (
        choices and sum(c.casefold().startswith(text.strip().casefold()) for c in choices) == 1
    )
    if not certain:
        raise UnreadableValue(f"“{short(text)}” broke off")
    return read_value(kind, text)

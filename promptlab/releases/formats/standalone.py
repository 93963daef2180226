"""The part of a downloaded Python file that is the same in each: its text is copied.

Everything below the line of dashes goes into the file, where `litellm` has been imported.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple


def complete(messages: list[dict[str, str]], schema: dict[str, Any]) -> str:
    """Stands here for the function of the file's head, which asks the model."""
    raise NotImplementedError


# ----------------------------------------------------------------------------------------------


class Module(NamedTuple):
    """One prompt. `outputs` maps each output to its type, or to the tuple of its choices."""

    system: str
    demos: list[tuple[str, str]]
    inputs: list[str]
    outputs: dict[str, str | tuple[str, ...]]
    schema: dict[str, Any]


class UnreadableReply(ValueError):
    """A reply that lacks an output, or gives one of the wrong type."""


def ask(module: Module, values: dict[str, Any]) -> dict[str, Any]:
    """Call the model once; returns the module's outputs by name."""
    return parse(module, complete(messages_of(module, values), module.schema))


def messages_of(module: Module, values: dict[str, Any]) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": module.system}]
    for given, reply in module.demos:
        messages.append({"role": "user", "content": given})
        messages.append({"role": "assistant", "content": reply})
    lines = [f"{name}: {written(values.get(name))}" for name in module.inputs]
    return [*messages, {"role": "user", "content": "\n".join(lines)}]


def written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def parse(module: Module, reply: str) -> dict[str, Any]:
    """Read a JSON object, alone, fenced or amid text; a single plain output may come bare."""
    found = json_object(reply) or bare_answer(module, reply)
    if found is None:
        raise UnreadableReply(f"The reply is no JSON object: {reply[:120]!r}")
    for name in module.outputs:
        if name not in found:
            raise UnreadableReply(f"The reply lacks {name!r}: {reply[:120]!r}")
    return {name: read(name, kind, found[name]) for name, kind in module.outputs.items()}


def json_object(reply: str) -> dict[str, Any] | None:
    start = reply.find("{")
    if start < 0:
        return None
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(reply[start:])
    except (json.JSONDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def bare_answer(module: Module, reply: str) -> dict[str, Any] | None:
    if len(module.outputs) != 1 or "{" in reply or not reply.strip():
        return None
    name, kind = next(iter(module.outputs.items()))
    if kind in ("boolean", "list"):
        return None
    return {name: reply.strip().removeprefix(f"{name}:").strip()}


def read(name: str, kind: str | tuple[str, ...], value: Any) -> Any:
    """One output as its type."""
    if kind == "list":
        return as_list(name, value)
    if kind == "boolean":
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        found = words.get(str(value).strip().casefold())
        if found is None:
            raise UnreadableReply(f"{name}: {value!r} is neither true nor false")
        return found
    if kind in ("integer", "number"):
        return as_number(name, value, whole=kind == "integer")
    if value is None:
        raise UnreadableReply(f"{name}: no value")
    return as_choice(name, kind, written(value)) if isinstance(kind, tuple) else written(value)


def as_choice(name: str, choices: tuple[str, ...], text: str) -> str:
    if text.strip() in choices:
        return text.strip()
    by_folded = {choice.casefold(): choice for choice in choices}
    found = by_folded.get(text.strip().strip(" .\"'`").casefold())
    if found is None:
        raise UnreadableReply(f"{name}: {text[:80]!r} is none of {', '.join(choices[:12])}")
    return found


def as_number(name: str, value: Any, whole: bool) -> int | float:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        number = float(str(value).replace(",", "").strip())
        if whole and number != int(number):
            raise ValueError
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError
    except (ValueError, OverflowError):
        wanted = "a whole number" if whole else "a number"
        raise UnreadableReply(f"{name}: {value!r} is not {wanted}") from None
    return int(number) if whole else number


def as_list(name: str, value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [item if isinstance(item, str) else json.dumps(item) for item in value]
    if not isinstance(value, str):
        raise UnreadableReply(f"{name}: {value!r} is not a list")
    if value.strip().startswith("["):
        try:
            return as_list(name, json.loads(value))
        except json.JSONDecodeError:
            raise UnreadableReply(f"{name}: begins like a JSON list but is not one") from None
    return [part.strip() for part in re.split(r"[\n;,]", value) if part.strip()]

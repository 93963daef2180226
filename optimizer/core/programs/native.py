"""An agent's turns as calls of functions, for models that are made to make them.

A turn is a text everywhere else (`turns`). It is turned into a call where a request is written down
for a provider, and what comes back into that text again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from optimizer.core.programs.ending import spoken
from optimizer.core.programs.lm import Functions, Message
from optimizer.core.programs.turns import FINISH, OBSERVATION, OVER

CALLED = "tool_calls"
"""How a reply ended that is a call."""
_CALL_ONE = "In each turn call one of the tools."


def specs_of(functions: Functions) -> list[dict[str, Any]]:
    """The functions as providers are told them."""
    return [
        {
            "type": "function",
            "function": {"name": name, "description": told, "parameters": dict(parameters)},
        }
        for name, told, parameters in functions.each
    ]


def as_calls(messages: Sequence[Message], functions: Functions) -> list[dict[str, Any]]:
    """Messages with turns as calls of functions, and what tools gave as their answers."""
    names = [name for name, *_ in functions.each]
    said: list[dict[str, Any]] = []
    waiting = ""  # the call that has no answer yet
    for number, message in enumerate(messages):
        content = message.content
        if waiting and message.role == "user":
            answer, content = _parted(content)
            said.append({"role": "tool", "tool_call_id": waiting, "content": answer})
            waiting = ""
            if not content:
                continue
        call = _call(content, names) if message.role == "assistant" else None
        if call is None:
            said.append({"role": message.role, "content": _without_form(content, functions)})
            continue
        waiting = f"call_{number}"
        thought, made = call
        calls = [{"id": waiting, "type": "function", "function": made}]
        said.append({"role": "assistant", "content": thought, "tool_calls": calls})
    return said


def _without_form(content: str, functions: Functions) -> str:
    """What is said to who calls: nothing of how a turn is written."""
    if functions.reminder:
        content = content.removesuffix(f"\n\n{functions.reminder}")
    return content.replace(functions.form, _CALL_ONE) if functions.form else content


def _call(content: str, names: Collection[str]) -> tuple[str, dict[str, str]] | None:
    """A turn's thought and its call; None where it is no turn that calls one of these."""
    try:
        turn = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(turn, dict) or turn.get("tool") not in names or "thought" not in turn:
        return None
    arguments = json.dumps(turn.get("arguments") or {}, ensure_ascii=False)
    return str(turn["thought"] or ""), {"name": turn["tool"], "arguments": arguments}


def _parted(content: str) -> tuple[str, str]:
    """What a tool gave, and what is said behind it; of finishing, nothing was given."""
    if not content.startswith(OBSERVATION):
        return "", content
    given, over, rest = content.removeprefix(OBSERVATION).partition(f"\n\n{OVER}")
    return given, f"{OVER}{rest}" if over else ""


def spoken_turn(message: Any, finish: Any) -> tuple[str | None, str]:
    """As `spoken`, of a reply that may be a call: as a turn's text, ended as CALLED."""
    called = _turn_called(message)
    return (called, CALLED) if called else spoken(message, finish)


def _turn_called(message: Any) -> str | None:
    """The first call of a message, an object or a mapping; None where it calls nothing."""
    for function in _functions(_of(message, "tool_calls")):
        given, content = _of(function, "arguments"), _of(message, "content")
        try:
            arguments = json.loads(given) if isinstance(given, str) and given.strip() else given
        except (ValueError, RecursionError):
            arguments = given
        thought = content if isinstance(content, str) else ""
        told = {"thought": thought, "tool": _of(function, "name"), "arguments": arguments or {}}
        return json.dumps(told, ensure_ascii=False)
    return None


def finished(said: str) -> str:
    """The turn of a model that calls functions and called none: it is done."""
    return json.dumps({"thought": said, "tool": FINISH, "arguments": {}}, ensure_ascii=False)


def _functions(calls: Any) -> Iterator[Any]:
    for call in calls if isinstance(calls, list | tuple) else ():
        function = _of(call, "function")
        if isinstance(_of(function, "name"), str):
            yield function


def _of(owner: Any, name: str) -> Any:
    return owner.get(name) if isinstance(owner, Mapping) else getattr(owner, name, None)

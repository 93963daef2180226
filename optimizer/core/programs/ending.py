"""What a provider's message says, and whether it ended as an answer does.

It stands alone, on the standard library: everything below the line of dashes is copied into the
files that a version is downloaded as.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# ----------------------------------------------------------------------------------------------

REFUSED, ONLY_THOUGHTS = "refusal", "only_thoughts"
"""Endings that no provider names, but shows: a refusal in its field, or thoughts and no text."""
_CUT_OFF = ("length", "max_token", "max_output", "token_limit", "context_window", "model_context")
_FAULTS = {
    "the reply was cut off at its limit of tokens": _CUT_OFF,
    "the reply was withheld by the provider's filter": (
        "filter", "safety", "block", "prohibited", "recitation", "guardrail", "moderat", "spii",
        "sensitive", "policy",
    ),
    "the model refused to answer": (REFUSED, "refuse"),
    "the model thought and gave no answer": (ONLY_THOUGHTS,),
    "the provider broke off the reply": ("error", "insufficient_system", "abort", "malformed"),
}  # fmt: skip


def spoken(message: Any, finish: Any) -> tuple[str | None, str]:
    """The text of a chat completion's message (an object or a mapping), and how it ended.

    What is said may stand in parts, of which thoughts are none, or in a call of a function. Where
    nothing is, the text is that of the refusal or of the thoughts; None where there is none at all.
    """
    ended = str(finish or "stop")
    text, refusal = _content(_of(message, "content"), _of(message, "refusal"))
    if text and text.strip():
        return text, ended
    if refusal:
        return refusal, REFUSED
    called = _arguments(_of(message, "tool_calls"), _of(message, "function_call"))
    if called:
        return called, ended
    thoughts = _of(message, "reasoning_content") or _of(message, "reasoning")
    if isinstance(thoughts, str) and thoughts.strip():
        return thoughts, ended if no_answer(ended) else ONLY_THOUGHTS
    return text, ended


def no_answer(finish: str) -> str:
    """Why a reply that ended so is no answer, with the provider's word for it; "" where it is."""
    word = finish.casefold()
    faults = (fault for fault, marks in _FAULTS.items() if any(mark in word for mark in marks))
    fault = next(faults, "")
    return f"{fault} ({finish})" if fault else ""


def is_cut_off(finish: str) -> bool:
    """Whether a reply that ended so broke off at its limit of tokens."""
    return any(mark in finish.casefold() for mark in _CUT_OFF)


def _content(content: Any, refusal: Any) -> tuple[str | None, str]:
    """The text of a content, which may be a list of parts, and the refusal."""
    refused = refusal if isinstance(refusal, str) else ""
    if not isinstance(content, list):
        return (content if isinstance(content, str) else None), refused
    parts = [part for part in content if isinstance(part, Mapping)]
    said = [part.get("text") for part in parts if part.get("type", "text") in _SAID]
    refused = refused or "".join(str(part["refusal"]) for part in parts if part.get("refusal"))
    return "".join(text for text in said if isinstance(text, str)), refused


_SAID = ("text", "output_text")


def _arguments(calls: Any, call: Any) -> str:
    """The arguments of the only function that is called; "" where several are, or none."""
    found = [one for one in calls if one] if isinstance(calls, list) else []
    functions = [_of(one, "function") for one in found] or [call]
    arguments = _of(functions[0], "arguments") if len(functions) == 1 else None
    return arguments if isinstance(arguments, str) else ""


def _of(owner: Any, name: str) -> Any:
    return owner.get(name) if isinstance(owner, Mapping) else getattr(owner, name, None)

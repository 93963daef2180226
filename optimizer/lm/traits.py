"""How a model wants its requests: which parameters it takes, and what its refusals say of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from optimizer.core.programs.lm import Message
from optimizer.core.programs.native import as_calls, specs_of
from optimizer.lm.call import LMCall


class ReplyForm(StrEnum):
    """What holds replies to their form, the strictest first."""

    SCHEMA = "schema"
    JSON = "json"
    FREE = "free"


class Temperature(StrEnum):
    """Which temperatures are sent: any, those from LEAST to MOST, or none at all."""

    ANY = "any"
    WITHIN = "within"
    OWN = "own"


LEAST, MOST = 0.01, 1.0
"""Temperatures that models take which refuse 0, or high ones."""


@dataclass(frozen=True)
class Traits:
    """What a model's server takes. `completion_tokens`: the limit of a reply goes by the name
    max_completion_tokens; `most_tokens`: the highest that it takes, 0 for any. `system`: there may
    be a system message; the instruction stands in the first user message otherwise. `functions`: an
    agent's turns are calls of functions; texts otherwise.
    """

    replies: ReplyForm = ReplyForm.SCHEMA
    completion_tokens: bool = False
    most_tokens: int = 0
    temperature: Temperature = Temperature.ANY
    system: bool = True
    functions: bool = True

    @property
    def notes(self) -> tuple[str, ...]:
        """Codes of what is different from what most models take."""
        return tuple(
            code
            for code, holds in (
                ("traits.json", self.replies is ReplyForm.JSON),
                ("traits.free", self.replies is ReplyForm.FREE),
                ("traits.completion_tokens", self.completion_tokens),
                ("traits.most_tokens", bool(self.most_tokens)),
                ("traits.temperature_within", self.temperature is Temperature.WITHIN),
                ("traits.temperature_own", self.temperature is Temperature.OWN),
                ("traits.no_system", not self.system),
                ("traits.no_functions", not self.functions),
            )
            if holds
        )


def parameters(call: LMCall, traits: Traits) -> dict[str, Any]:
    """A call as its model takes it, in OpenAI's names."""
    limit = "max_completion_tokens" if traits.completion_tokens else "max_tokens"
    messages = call.messages if traits.system else _without_system(call.messages)
    made: dict[str, Any] = {
        "model": call.model,
        "messages": _written(messages, call, traits),
        limit: min(call.max_tokens, traits.most_tokens or call.max_tokens),
    }
    if traits.temperature is Temperature.ANY:
        made["temperature"] = call.temperature
    elif traits.temperature is Temperature.WITHIN:
        made["temperature"] = min(max(call.temperature, LEAST), MOST)
    if may_call(call, traits) and call.functions:
        made |= {"tools": specs_of(call.functions), "tool_choice": "required"}
    if is_held(call, traits):
        made["response_format"] = _format(call, traits.replies)
    return made


def may_call(call: LMCall, traits: Traits) -> bool:
    """Whether the reply to a call may be a call of a function."""
    return call.functions is not None and traits.functions


def is_held(call: LMCall, traits: Traits) -> bool:
    """Whether the reply to a call is held to a form."""
    held = call.schema is not None and traits.replies is not ReplyForm.FREE
    return held and not may_call(call, traits)


def is_about_functions(words: str) -> bool:
    """Whether a refusal in these words may be about functions that a request offers."""
    return _FUNCTIONS.search(words.casefold()) is not None


def _written(messages: tuple[Message, ...], call: LMCall, traits: Traits) -> list[dict[str, Any]]:
    if may_call(call, traits) and call.functions:
        return as_calls(messages, call.functions)
    return [{"role": m.role, "content": m.content} for m in messages]


def freer(traits: Traits) -> Traits:
    """The same with the next form of replies, which holds them less."""
    json = traits.replies is ReplyForm.SCHEMA
    return replace(traits, replies=ReplyForm.JSON if json else ReplyForm.FREE)


def after_refusal(traits: Traits, call: LMCall, words: str) -> Traits | None:
    """What to send instead where a server that was sent a call so refused it with these words; None
    where they are about something else.
    """
    found = words.casefold()
    asked = next((about for about in _ABOUT if about.of(found)), None)
    changed = asked.change(traits, call, found) if asked else None
    return changed if changed != traits else None


def _format(call: LMCall, form: ReplyForm) -> dict[str, Any]:
    if form is ReplyForm.JSON:
        return {"type": "json_object"}
    schema = {"name": "reply", "schema": call.schema, "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def _without_system(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The system messages' texts, at the beginning of the first message of the user."""
    told = [m.content for m in messages if m.role == "system"]
    rest = [m for m in messages if m.role != "system"]
    if not told:
        return messages
    first = next((n for n, m in enumerate(rest) if m.role == "user"), None)
    if first is None:
        return (Message("user", "\n\n".join(told)), *rest)
    rest[first] = Message("user", "\n\n".join([*told, rest[first].content]))
    return tuple(rest)


_REFUSES = re.compile(
    r"unsupported|not\W{1,3}(?:\w+\W+){0,3}?(?:support|permit|allow|accept|available|enabled|valid"
    r"|recogni|implement|a known|exist)|n['’]t (?:\w+ )?(?:support|accept|allow|recogni)|unknown"
    r"|unrecogni|unexpected|invalid|extra|forbidden|deprecated|instead|must|\bonly\b|cannot|can['’]t"
    r"|incompatible|disabled|removed|requires?\b|should be|has to be|ha(?:s|ve) no|no support|refus"
    r"|reject|illegal|exception|out of range|strictly|between"
)
_SIZE = re.compile(
    r"too (?:large|high|many|big|long|small)|exceed|at most|at least|less than|greater than"
    r"|maximum|minimum|context|range|> \d|<=? ?\d"
)
_LIMIT = re.compile(r"max[ _-]?(?:new[ _-]?|output[ _-]?|completion[ _-]?)?tokens")
_SYSTEM = re.compile(
    r"system[ _-]?(?:role|message|prompt|instruction|turn)|role\W.{0,40}\bsystem\b"
    r"|['\"`“]system['\"`”]"
    r"|developer[ _-]?(?:role|instruction|message)|roles? (?:must|other)|first message must"
    r"|'user' or 'assistant'|only (?:the )?['\"`]?user\b"
)
_FUNCTIONS = re.compile(r"\btools?\b|tool[ _-]?(?:choice|call|use)|function|jinja")
_FORMAT = re.compile(
    r"response[ _-]?(?:format|mime|schema)|json[ _-]?(?:schema|mode|object|output)|structured"
    r"|\bschema|grammar|guided|constrained|xgrammar|outlines|output[ _-]?format|format\.type"
    r"|requested parameters|these parameters|those parameters|\bjson\b.{0,30}(?:support|mode)"
)


def _limit(traits: Traits, call: LMCall, words: str) -> Traits | None:
    if not _SIZE.search(words):
        return None if traits.completion_tokens else replace(traits, completion_tokens=True)
    if "context" in words:
        return None  # of this prompt, which leaves no room
    sent = min(call.max_tokens, traits.most_tokens or call.max_tokens)
    numbers = [
        int(n.replace(",", "")) for n in re.findall(r"\b\d{1,3}(?:,\d{3})+\b|\b\d+\b", words)
    ]
    most = max((n for n in numbers if 1 < n < sent), default=0)
    return replace(traits, most_tokens=most) if most else None


def _temperature(traits: Traits, call: LMCall, words: str) -> Traits | None:
    default = re.search(r"default|only|\bset to 1\b|unsupported parameter|deprecated", words)
    bounded = re.search(
        r"positive|> ?0|\(0|great|between|range|least|zero|minimum|above|less|most", words
    )
    outside = not LEAST <= call.temperature <= MOST
    if traits.temperature is Temperature.ANY and bounded and not default and outside:
        return replace(traits, temperature=Temperature.WITHIN)
    return replace(traits, temperature=Temperature.OWN)


def _system(traits: Traits, call: LMCall, words: str) -> Traits | None:
    return replace(traits, system=False) if any(m.role == "system" for m in call.messages) else None


def _replies(traits: Traits, call: LMCall, words: str) -> Traits | None:
    if not is_held(call, traits):
        return None
    at_all = "response_format" in words and not re.search(
        r"schema|type|\bmode\b|object|value", words
    )
    return replace(traits, replies=ReplyForm.FREE) if at_all else freer(traits)


@dataclass(frozen=True)
class _About:
    """Words that a refusal is about one thing; without `needs` it has to say no other word."""

    names: re.Pattern[str]
    change: Callable[[Traits, LMCall, str], Traits | None]
    needs: bool = True

    def of(self, words: str) -> bool:
        refuses = not self.needs or _REFUSES.search(words) or _SIZE.search(words)
        return bool(refuses and self.names.search(words))


_ABOUT = (
    _About(_LIMIT, _limit),
    _About(re.compile("temperature"), _temperature),
    _About(_FORMAT, _replies, needs=False),
    _About(_SYSTEM, _system),
)

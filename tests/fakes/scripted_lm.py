"""A model that answers by rule, in this process: no network, no clock, the same every time."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from optimizer.core.programs.lm import Reply
from optimizer.core.programs.vectors import vector_of
from optimizer.lm.call import LMCall, key_of
from optimizer.lm.embeddings import EmbeddingCall, EmbeddingReply
from optimizer.lm.traits import Traits
from tests.fakes.by_schema import value_by
from tests.fakes.meanings import numbers_for
from tests.fakes.rewriting import rewritten
from tests.fakes.world import chance

Script = Callable[[LMCall], str | Reply | Exception]


class Killed(BaseException):
    """The process ends here, as far as it is concerned."""


def by_skill(call: LMCall) -> str:
    """Proposals are numbered; answers are right more often with demos and a longer instruction.

    The right label of "message 7" is that of `tests.fakes.world.messages`.
    """
    properties = schema_properties(call.schema)
    if not properties:
        words = call.messages[-1].content
        return (
            rewritten(words)
            or f"Look at it closely, in way {int(chance(words, call.sample) * 1000)}."
        )
    said = call.messages[-1].content
    demos = (len(call.messages) - 2) // 2
    skill = 0.35 + 0.1 * demos + 0.3 * chance(call.messages[0].content)
    right = chance(said, demos, call.messages[0].content, call.sample) < skill
    return json.dumps({name: _value(kind, said, right) for name, kind in properties.items()})


def always_right(call: LMCall) -> str:
    properties = schema_properties(call.schema)
    said = call.messages[-1].content
    return json.dumps({name: _value(kind, said, True) for name, kind in properties.items()})


def schema_properties(schema: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = (schema or {}).get("properties", {})
    return found


def _value(kind: dict[str, Any], said: str, right: bool) -> object:
    choices = kind.get("enum")
    number = int(next(w for w in said.split() if w.isdigit())) if choices else 0
    if choices:
        return choices[(number + (not right)) % len(choices)]
    return value_by(kind)


@dataclass
class ScriptedLM:
    """An `Endpoint`. `script` returns what the model says, or a whole reply, or an exception to
    raise; calls are kept.

    `answering` is the number of the call that the script is answering now, from 1.
    """

    script: Script = by_skill
    seconds: float = 0.0
    usage: tuple[int, int] = (40, 10)
    learned: dict[str, Traits] = field(default_factory=dict)
    listed: tuple[str, ...] = ("scripted",)
    calls: list[LMCall] = field(default_factory=list)
    answering: int = 0
    at_once: int = 0
    most_at_once: int = 0

    async def complete(self, call: LMCall) -> Reply:
        self.calls.append(call)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            self.answering += 1
            said = self.script(call)
        finally:
            self.at_once -= 1
        if isinstance(said, BaseException):
            raise said
        if isinstance(said, Reply):
            return said
        if isinstance(call, EmbeddingCall):
            vectors = tuple(vector_of(numbers_for(text)) for text in call.texts)
            return EmbeddingReply("", 5 * len(vectors), seconds=self.seconds, vectors=vectors)
        return Reply(said, *self.usage, seconds=self.seconds)

    async def models(self) -> list[str]:
        return list(self.listed)

    async def aclose(self) -> None:
        """There is nothing to close."""

    def sent(self) -> Counter[str]:
        """How often each distinct call was sent."""
        return Counter(key_of("", "", call.as_json()) for call in self.calls)

"""How sure a model was of each choice: read from the log-probabilities beside its reply.

Where a reply is held to one of some choices, the choices make a tree of texts. At every token of
the reply the likely tokens are shared among the choices that they may still become, and what
becomes none is left out: what the grammar would leave out, too.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from optimizer.core.programs.lm import Reply
from optimizer.lm.call import LMCall
from optimizer.lm.traits import Traits, parameters

ALTERNATIVES = 100
"""Likely tokens that are asked for beside each token."""

Token = Mapping[str, Any]
"""`{"token", "logprob", "top_logprobs": [{"token", "logprob"}…]}`, as OpenAI's API has it."""


class NoChoice(ValueError):
    """A call whose reply is not one of some choices."""


@dataclass(frozen=True)
class SureReply(Reply):
    """A reply, and the probability of each choice, 1 in all."""

    chances: tuple[tuple[str, float], ...] = ()


def replies_of(schema: Mapping[str, Any] | None) -> dict[str, str]:
    """The reply of every choice, as the engine writes it: JSON without blanks.

    Raises:
        NoChoice: the reply has other fields than one choice.
    """
    fields = (schema or {}).get("properties", {})
    if len(fields) != 1 or "enum" not in next(iter(fields.values())):
        raise NoChoice("Probabilities are read of replies that are one choice and nothing else.")
    ((name, field),) = fields.items()
    return {c: json.dumps({name: c}, separators=(",", ":")) for c in field["enum"]}


def chances_of(replies: Mapping[str, str], tokens: Sequence[Token]) -> dict[str, float]:
    """The probability of each choice, given what was likely at each token of one reply.

    What another token would have led to is known as far as that token goes: choices that begin
    alike share it evenly.
    """
    chances = dict.fromkeys(replies, 0.0)
    written, reached = "", 1.0
    for token in tokens:
        taken = written + str(token["token"])
        left = set(_matching(replies, taken))
        if not left:
            break
        shares = {taken: math.exp(token["logprob"])}
        for other in token["top_logprobs"]:
            # A shorter token that may still become all of these says nothing against them.
            if not left <= set(_matching(replies, written + other["token"])):
                shares[written + other["token"]] = math.exp(other["logprob"])
        shares = {begun: share for begun, share in shares.items() if _matching(replies, begun)}
        total = sum(shares.values()) or 1.0
        for begun in shares.keys() - {taken}:
            alike = _matching(replies, begun)
            for choice in alike:
                chances[choice] += reached * shares[begun] / total / len(alike)
        written, reached = taken, reached * shares[taken] / total
    alike = _matching(replies, written)
    for choice in alike:
        chances[choice] += reached / len(alike)
    return chances


def _matching(replies: Mapping[str, str], begun: str) -> list[str]:
    """Choices that a reply which begins like this may still become."""
    return [c for c, text in replies.items() if text.startswith(begun) or begun.startswith(text)]


class SureClient:
    """Asks a llama.cpp server; every reply of its own says how sure it was."""

    def __init__(self, api_base: str) -> None:
        self._address = f"{api_base}/chat/completions"
        self._session: aiohttp.ClientSession | None = None

    async def complete(self, call: LMCall) -> Reply:
        """Raises NoChoice where the call has no choices, aiohttp.ClientError without an answer."""
        replies = replies_of(call.schema)
        asked = {"cache_prompt": True, "logprobs": True, "top_logprobs": ALTERNATIVES}
        body = parameters(call, Traits()) | asked | {"seed": call.sample}
        if self._session is None:
            self._session = aiohttp.ClientSession(raise_for_status=True)
        started = time.monotonic()
        async with self._session.post(self._address, json=body) as answer:
            (choice,) = (await answer.json())["choices"]
        return SureReply(
            choice["message"]["content"],
            seconds=time.monotonic() - started,
            finish_reason=choice["finish_reason"],
            chances=tuple(chances_of(replies, choice["logprobs"]["content"]).items()),
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

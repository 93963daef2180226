"""Providers by LiteLLM's names: it knows their formats, and our transport carries the requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from functools import cache
from typing import Any

from optimizer.core.problems import Refused
from optimizer.core.programs.ending import no_answer, spoken
from optimizer.core.programs.lm import Reply
from optimizer.core.programs.native import spoken_turn
from optimizer.costs.prices import MARKED
from optimizer.lm.answers import Reader
from optimizer.lm.bridge import NO_KEY, CallExchange, exchanging, origin_of
from optimizer.lm.cache_marks import CacheMarks
from optimizer.lm.call import LMCall
from optimizer.lm.door import of_cache, usage
from optimizer.lm.embeddings import EmbeddingCall, EmbeddingReply, numbers_in
from optimizer.lm.failures import (
    CallFailed,
    NoReply,
    ProviderRefused,
    TimedOut,
)
from optimizer.lm.families import ORIGINS, family_of, is_reference
from optimizer.lm.guard import Egress
from optimizer.lm.litellm_library import litellm
from optimizer.lm.scrub import Scrubber
from optimizer.lm.shaping import Shaping
from optimizer.lm.traits import ReplyForm, Traits, may_call, parameters
from optimizer.lm.transport import DEADLINE, Transport
from optimizer.lm.unpacking import MOST_BYTES, most_bytes
from optimizer.sentences import reasons

GRACE_SECONDS = 5.0
"""For LiteLLM's own work around a request."""


class LiteLLMClient:
    """Calls models by LiteLLM's names ("anthropic/claude-…"): one request a call, no retries.

    `family` is the only one whose models are called: a key is its vendor's, and nobody else's.
    Its connections belong to the event loop that first uses it.
    """

    def __init__(
        self,
        key: str = "",
        api_base: str = "",
        *,
        egress: Egress,
        family: str | None = None,
        shaping: Shaping | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        self._key = key
        self._family = family
        self._api_base = api_base
        self._egress = egress
        self._scrub = Scrubber(key)
        self._deadline = deadline
        self._transports: dict[str, Transport] = {}
        self._marks = CacheMarks()
        self._shaping = shaping or Shaping(first=first_traits)

    @property
    def learned(self) -> dict[str, Traits]:
        return self._shaping.learned

    async def complete(self, call: LMCall) -> Reply:
        origin = self._origin(call.model)
        library = await _started()
        if isinstance(call, EmbeddingCall):
            return await self._embed(library, origin, call)
        sent = self._shaping.of(call.model)
        try:
            reply = await self._complete(library, origin, call, sent)
        except CallFailed as failure:
            raise self._shaping.after(call, sent, failure) from failure
        return self._shaping.taken(call, sent, reply)

    async def _complete(self, library: Any, origin: str, call: LMCall, sent: Traits) -> Reply:
        exchange = self._exchange(origin, most_bytes(call.max_tokens))
        started = time.monotonic()
        async with exchange.answer:
            asked = library.acompletion(**self._request(call, sent), **self._settings, **_OWN_TOOLS)
            response = await self._response(asked, exchange)
            seconds = time.monotonic() - started
            return _reply_of(response, seconds, exchange, may_call(call, sent))

    def _request(self, call: LMCall, sent: Traits) -> dict[str, Any]:
        made = parameters(call, sent)
        if family_of(call.model, self._family) in MARKED:
            made["messages"] = self._marks.on(made["messages"])
        return made

    async def _embed(self, library: Any, origin: str, call: EmbeddingCall) -> EmbeddingReply:
        exchange = self._exchange(origin, MOST_BYTES, embeds=True)
        started = time.monotonic()
        async with exchange.answer:
            asked = library.aembedding(**call.as_json(), **self._settings)
            response = await self._response(asked, exchange)
            try:
                numbers = numbers_in(response.data)
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                raise exchange.reader.no_vectors() from error
            tokens = getattr(getattr(response, "usage", None), "prompt_tokens", None)
            seconds = time.monotonic() - started
            return EmbeddingReply.of(numbers, len(call.texts), tokens, seconds, exchange.reader)

    async def _response(self, asked: Awaitable[Any], exchange: CallExchange) -> Any:
        """What the library makes of the answer to the one request that it may send."""
        try:
            with exchanging(exchange):
                async with asyncio.timeout(self._deadline + GRACE_SECONDS):
                    response = await asked
        except Exception as error:
            raise self._failure(error, exchange) from error
        if exchange.failure is not None or exchange.found is None:
            raise self._failure(exchange.failure, exchange)
        return response

    async def models(self) -> list[str]:
        """LiteLLM asks no provider for its list."""
        return []

    async def aclose(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()

    def _origin(self, model: str) -> str:
        """Who is asked; nothing else is.

        Raises:
            ProviderRefused: nobody may be, as things are.
        """
        try:
            family = family_of(model, self._family)
        except Refused as error:
            raise ProviderRefused(reasons(error)) from error
        usual = ORIGINS[family]
        if any(map(is_reference, (model, self._key, self._api_base))):
            raise ProviderRefused(
                "The key, the address or the model's name refers to a secret of the server "
                "(os.environ/…). Enter the value itself."
            )
        if not self._key and not self._api_base:
            raise ProviderRefused(f"Enter the API key of the provider: {model} needs one.")
        origin = origin_of(self._api_base or usual)
        if not origin:
            raise ProviderRefused(f"Enter the address of the endpoint that {model} is called at.")
        return origin

    def _exchange(self, origin: str, most: int, embeds: bool = False) -> CallExchange:
        name = self._api_base or origin.rpartition(":")[0]
        if origin not in self._transports:
            self._transports[origin] = Transport(name, self._egress, self._scrub, self._deadline)
        reader = Reader(name, self._scrub)
        transport = self._transports[origin]
        return CallExchange(transport, reader, self._key, origin, most, embeds)

    @property
    def _settings(self) -> dict[str, Any]:
        """What every call is told beside its own."""
        settings = {
            "timeout": self._deadline + GRACE_SECONDS,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
            "api_key": self._key or NO_KEY,
        }
        if self._api_base:
            settings["api_base"] = self._api_base
        return settings

    def _failure(self, error: Exception | None, exchange: CallExchange) -> CallFailed:
        """What our transport saw counts; LiteLLM's word only where it saw nothing."""
        if exchange.failure is not None:
            return exchange.failure
        if exchange.found is not None:
            if exchange.embeds:
                return exchange.reader.no_vectors()
            return exchange.reader.no_completion(exchange.found)
        words = self._scrub.clean(str(error) or type(error).__name__)
        name = exchange.reader.name
        if not exchange.sent:
            return ProviderRefused(f"LiteLLM cannot make a call to {name} of this.", said=words)
        if isinstance(error, TimeoutError):
            return TimedOut(f"No whole reply from {name} within {self._deadline:g} s.")
        return NoReply(f"The connection to {name} broke before the reply came.", said=words)


_OWN_TOOLS = {"_skip_mcp_handler": True}
"""No tool is a server of MCP, for which it would look in a library that is not installed."""


async def _started() -> Any:
    """The library; it is waited for in a thread while it starts."""
    started = litellm.cache_info().currsize
    return litellm() if started else await asyncio.to_thread(litellm)


def first_traits(model: str) -> Traits:
    """What a model is begun with, as the library knows it; it has been started before."""
    replies = ReplyForm.SCHEMA if _supports_schema(model) else ReplyForm.FREE
    return Traits(replies=replies, functions=_calls_functions(model))


@cache
def _calls_functions(model: str) -> bool:
    return bool(litellm().supports_function_calling(model=model))


@cache
def _supports_schema(model: str) -> bool:
    return bool(litellm().supports_response_schema(model=model))


def _message_of(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """The message as it came, where it came as a chat completion: the library drops some of it."""
    try:
        message = (found or {})["choices"][0]["message"]
    except (KeyError, IndexError, TypeError):
        return None
    return message if isinstance(message, dict) else None


def _reply_of(response: Any, seconds: float, exchange: CallExchange, calls: bool) -> Reply:
    """`calls`: it may be a call of a function."""
    try:
        choice = response.choices[0]
        said = spoken_turn if calls else spoken
        text, finish = said(_message_of(exchange.found) or choice.message, choice.finish_reason)
    except (AttributeError, IndexError, TypeError) as error:
        raise exchange.reader.no_completion(exchange.found) from error
    if text is None and not no_answer(finish):
        raise exchange.reader.no_text()
    used = getattr(response, "usage", None)
    told = [getattr(used, name, None) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = usage(*told)
    read, written = of_cache(used)
    return Reply(
        text=text or "",
        prompt_tokens=prompt,
        completion_tokens=completion,
        seconds=seconds,
        finish_reason=finish,
        cache_read=read,
        cache_written=written,
    )

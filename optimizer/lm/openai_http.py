"""OpenAI-compatible endpoints spoken to directly: a tenth of a library's processor time."""

from __future__ import annotations

import json
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

from optimizer.core.programs.ending import no_answer, spoken
from optimizer.core.programs.lm import Reply
from optimizer.core.programs.native import spoken_turn
from optimizer.lm.answers import Reader
from optimizer.lm.call import LMCall
from optimizer.lm.door import usage
from optimizer.lm.embeddings import EmbeddingCall, EmbeddingReply, numbers_in
from optimizer.lm.failures import CallFailed
from optimizer.lm.guard import Egress
from optimizer.lm.scrub import Scrubber
from optimizer.lm.shaping import Shaping
from optimizer.lm.traits import Traits, may_call, parameters
from optimizer.lm.transport import DEADLINE, Answer, Transport
from optimizer.lm.unpacking import MOST_BYTES, most_bytes


class OpenAIHttp:
    """A client of one endpoint; its connections belong to the event loop that first uses it.

    `own_engine` adds what our own engine understands: the prefix cache and a seed a call.
    """

    def __init__(
        self,
        api_base: str,
        key: str = "",
        *,
        egress: Egress,
        shaping: Shaping | None = None,
        own_engine: bool = False,
        deadline: float = DEADLINE,
    ) -> None:
        self._base = api_base.rstrip("/")
        scrub = Scrubber(key)
        self._reader = Reader(self._base, scrub)
        self._transport = Transport(self._base, egress, scrub, deadline)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._own_engine = own_engine
        self._shaping = shaping or Shaping()

    @property
    def learned(self) -> dict[str, Traits]:
        return self._shaping.learned

    async def complete(self, call: LMCall) -> Reply:
        if isinstance(call, EmbeddingCall):
            return await self._embed(call)
        sent = self._shaping.of(call.model)
        try:
            reply = await self._complete(call, sent)
        except CallFailed as failure:
            raise self._shaping.after(call, sent, failure) from failure
        return self._shaping.taken(call, sent, reply)

    async def _complete(self, call: LMCall, sent: Traits) -> Reply:
        started = time.monotonic()
        body = json.dumps(self._body(call, sent)).encode()
        most = most_bytes(call.max_tokens)
        async with self._sent("POST", "/chat/completions", body, most) as answer:
            found = self._reader.completion_of(answer)
            seconds = time.monotonic() - started
            return _reply_of(found, seconds, self._reader, may_call(call, sent))

    async def _embed(self, call: EmbeddingCall) -> EmbeddingReply:
        started = time.monotonic()
        body = json.dumps(call.as_json() | {"encoding_format": "float"}).encode()
        async with self._sent("POST", "/embeddings", body) as answer:
            found = self._reader.embeddings_of(answer)
            try:
                numbers = numbers_in(found["data"])
            except (LookupError, TypeError, ValueError) as error:
                raise self._reader.no_vectors() from error
            said = found.get("usage")
            tokens = said.get("prompt_tokens") if isinstance(said, dict) else None
            seconds = time.monotonic() - started
            return EmbeddingReply.of(numbers, len(call.texts), tokens, seconds, self._reader)

    async def models(self) -> list[str]:
        """Names of the models that the endpoint offers; empty when it does not say."""
        async with self._sent("GET", "/models") as answer:
            if answer.status in (401, 403):
                raise self._reader.failure_of(answer)
            if answer.status != 200:
                return []
            listed = self._reader.object_of(answer).get("data")
        rows = listed if isinstance(listed, list) else []
        names = [row.get("id") for row in rows if isinstance(row, dict)]
        return [name for name in names if isinstance(name, str)]

    async def aclose(self) -> None:
        await self._transport.aclose()

    def _body(self, call: LMCall, traits: Traits) -> dict[str, Any]:
        body = parameters(call, traits)
        return body | {"cache_prompt": True, "seed": call.sample} if self._own_engine else body

    def _sent(
        self, method: str, path: str, body: bytes | None = None, most: int = MOST_BYTES
    ) -> AbstractAsyncContextManager[Answer]:
        headers = {"Content-Type": "application/json"} if body else {}
        url, headers = self._base + path, {**self._headers, **headers}
        return self._transport.exchange(method, url, headers, body, most)


def _reply_of(found: dict[str, Any], seconds: float, reader: Reader, calls: bool) -> Reply:
    """`calls`: it may be a call of a function."""
    try:
        choice = found["choices"][0]
        message = choice["message"]
        if not isinstance(message.get("content"), str | list | None):
            raise TypeError("a content that is no text")
        said = spoken_turn if calls else spoken
        text, finish = said(message, choice.get("finish_reason"))
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        raise reader.no_completion(found) from error
    if text is None and not no_answer(finish):
        raise reader.no_text()
    used = found.get("usage")
    told = used if isinstance(used, dict) else {}
    prompt, completion = usage(told.get("prompt_tokens"), told.get("completion_tokens"))
    return Reply(
        text=text or "",
        prompt_tokens=prompt,
        completion_tokens=completion,
        seconds=seconds,
        finish_reason=finish,
    )

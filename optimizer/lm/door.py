"""The one door through which everything that a provider says comes in: storable, and without keys.

Behind it (ledger, outcomes, events, provider tests) nothing is checked again.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import replace

from optimizer.core.programs.lm import Reply
from optimizer.core.programs.storable import storable, storable_json
from optimizer.lm.call import Endpoint, LMCall
from optimizer.lm.failures import CallFailed, Garbled
from optimizer.lm.scrub import Scrubber, remember
from optimizer.lm.traits import Traits

logger = logging.getLogger(__name__)

MOST_TOKENS = 2**31 - 1
"""What a column of counts holds; no call has a thousandth of it."""
LONGEST_REASON = 20
LONGEST_NAME = 200
"""Characters of a finish reason and of a model's name."""
MOST_MODELS = 1000
LONGEST_WAIT = 86_400.0
"""Seconds that a provider may ask us to wait; longer is not meant."""


class Door:
    """An endpoint in front of another, whose every word it makes harmless. `secrets` are the keys
    that the endpoint was told.
    """

    def __init__(self, inner: Endpoint, *secrets: str) -> None:
        self._inner = inner
        self._scrub = Scrubber(*secrets)
        for secret in secrets:
            remember(secret)

    @property
    def learned(self) -> Mapping[str, Traits]:
        return self._inner.learned

    async def complete(self, call: LMCall) -> Reply:
        try:
            return self._reply(await self._inner.complete(call))
        except CallFailed as failure:
            raise self._failure(failure) from None
        except Exception as error:
            # A client, or a library in it, that what was said takes by surprise: one reply is lost
            # by that, and no run.
            logger.exception("a reply of %s could not be read", call.model)
            raise self._unread(error) from None

    async def models(self) -> list[str]:
        try:
            listed = await self._inner.models()
        except CallFailed as failure:
            raise self._failure(failure) from None
        except Exception as error:
            logger.exception("a list of models could not be read")
            raise self._unread(error) from None
        names = dict.fromkeys(storable(name).strip() for name in listed[:MOST_MODELS])
        return [name for name in names if name and len(name) <= LONGEST_NAME]

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _reply(self, reply: Reply) -> Reply:
        prompt, completion = usage(reply.prompt_tokens, reply.completion_tokens)
        return replace(
            reply,
            text=self._text(reply.text),
            prompt_tokens=prompt,
            completion_tokens=completion,
            seconds=_seconds(reply.seconds) or 0.0,
            finish_reason=self._text(str(reply.finish_reason))[:LONGEST_REASON],
        )

    def _text(self, said: str) -> str:
        return self._scrub.without_keys(storable_json(said))

    def _failure(self, failure: CallFailed) -> CallFailed:
        message = self._scrub.clean(str(failure)) or f"{type(failure).__name__}, and nothing more."
        said = self._scrub.clean(failure.said)
        return type(failure)(message, _seconds(failure.retry_after), said=said)

    def _unread(self, error: Exception) -> CallFailed:
        told = f"The provider's answer could not be read ({type(error).__name__})."
        return Garbled(told, said=self._scrub.clean(str(error)))


def usage(prompt: object, completion: object) -> tuple[int, int]:
    """Tokens of a call as counts; (0, 0), as where none are reported, unless both are credible."""
    prompt_tokens, completion_tokens = _count(prompt), _count(completion)
    if prompt_tokens is None or completion_tokens is None:
        return 0, 0
    return prompt_tokens, completion_tokens


def of_cache(used: object) -> tuple[int, int]:
    """Of a prompt's tokens, how many were read from the provider's cache, and how many written to
    it; 0 where it does not say so credibly. `used` is what a library made of its report.
    """
    details = getattr(used, "prompt_tokens_details", None)
    read = getattr(used, "cache_read_input_tokens", None) or getattr(details, "cached_tokens", None)
    return _count(read) or 0, _count(getattr(used, "cache_creation_input_tokens", None)) or 0


def _count(said: object) -> int | None:
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    whole = isinstance(said, int) or said.is_integer()
    return int(said) if whole and 0 <= said <= MOST_TOKENS else None


def _seconds(said: float | None) -> float | None:
    if said is None or not math.isfinite(said):
        return None
    return min(max(said, 0.0), LONGEST_WAIT)

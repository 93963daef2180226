"""Every provider that LiteLLM knows, behind one client. Nothing else here imports LiteLLM."""

from __future__ import annotations

import asyncio
import importlib
import os
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

from optimizer.core.programs.lm import Reply
from optimizer.lm.call import LMCall
from optimizer.lm.door import usage
from optimizer.lm.failures import (
    CallFailed,
    Garbled,
    NoReply,
    ProviderRefused,
    SchemaRefused,
    Unreachable,
    of_status,
)
from optimizer.lm.guard import ForbiddenAddress, check_url
from optimizer.lm.openai_http import DEADLINE, about_schema
from optimizer.lm.scrub import Scrubber

_NEVER_SENT = ("ClientConnectorError", "ConnectError", "ConnectTimeout", "ConnectionTimeoutError")
_REFUSED_ALWAYS = ("LLM Provider NOT provided", "Missing credentials", "api_key client option")


class LiteLLMClient:
    """Calls models by LiteLLM's names ("anthropic/claude-…"); no retries of its own."""

    def __init__(
        self,
        key: str = "",
        api_base: str = "",
        *,
        constrains: bool = True,
        deadline: float = DEADLINE,
    ) -> None:
        self._key = key
        self._api_base = api_base
        self._scrub = Scrubber(key)
        self._deadline = deadline
        self._checked = not api_base
        self.constrains = constrains

    async def complete(self, call: LMCall) -> Reply:
        litellm = await self._ready()
        constrained = call.schema is not None and self.constrains
        if constrained and not _supports_schema(call.model):
            constrained = False
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._deadline):
                response = await litellm.acompletion(**self._arguments(call, constrained))
        except TimeoutError as error:
            raise NoReply(
                f"No whole reply from {call.model} within {self._deadline:g} s."
            ) from error
        except Exception as error:  # noqa: BLE001 - LiteLLM lets errors of any client through
            raise self._failure(error, call.model, constrained) from None
        return _reply_of(response, time.monotonic() - started)

    async def models(self) -> list[str]:
        """LiteLLM asks no provider for its list."""
        return []

    async def aclose(self) -> None:
        """LiteLLM keeps its connections itself."""

    async def _ready(self) -> Any:
        if not self._checked:
            try:
                await asyncio.to_thread(check_url, self._api_base)
            except ForbiddenAddress as error:
                raise ProviderRefused(str(error)) from error
            self._checked = True
        return await asyncio.to_thread(_litellm)

    def _arguments(self, call: LMCall, constrained: bool) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "model": call.model,
            "messages": [{"role": m.role, "content": m.content} for m in call.messages],
            "temperature": call.temperature,
            "max_tokens": call.max_tokens,
            "timeout": self._deadline,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
        }
        if self._key:
            arguments["api_key"] = self._key
        if self._api_base:
            arguments["api_base"] = self._api_base
        if constrained:
            schema = {"name": "reply", "schema": call.schema, "strict": True}
            arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
        return arguments

    def _failure(self, error: Exception, model: str, constrained: bool) -> CallFailed:
        words = self._scrub.clean(str(error) or type(error).__name__)
        if any(type(cause).__name__ in _NEVER_SENT for cause in _causes(error)):
            return Unreachable(f"The provider of {model} cannot be reached.", said=words)
        if any(text in str(error) for text in _REFUSED_ALWAYS):
            return ProviderRefused(
                f"{model} cannot be called: LiteLLM does not know its provider, or has no key for "
                "it.",
                said=words,
            )
        status = getattr(error, "status_code", None)
        if not isinstance(status, int):
            return NoReply(f"The connection to the provider of {model} broke.", said=words)
        if constrained and status in (400, 422) and about_schema(str(error)):
            self.constrains = False
            return SchemaRefused(f"{model} cannot hold replies to a schema.", said=words)
        return of_status(status, f"The provider of {model}", words, _retry_after(error))


@cache
def _litellm() -> Any:
    """Import it once: seconds of work, and a look-up on the network unless it is told not to."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    litellm: Any = importlib.import_module("litellm")
    litellm.suppress_debug_info = True
    litellm.num_retries = 0
    return litellm


@cache
def _supports_schema(model: str) -> bool:
    return bool(_litellm().supports_response_schema(model=model))


def _reply_of(response: Any, seconds: float) -> Reply:
    try:
        choice = response.choices[0]
        content = choice.message.content
    except (AttributeError, IndexError) as error:
        raise Garbled("The provider's answer is no chat completion.") from error
    finish = str(choice.finish_reason or "stop")
    if not isinstance(content, str):
        if finish != "length":
            raise Garbled("The provider's reply holds no text.")
        content = ""
    said = getattr(response, "usage", None)
    told = [getattr(said, name, None) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = usage(*told)
    return Reply(
        text=content,
        prompt_tokens=prompt,
        completion_tokens=completion,
        seconds=seconds,
        finish_reason=finish,
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _retry_after(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None

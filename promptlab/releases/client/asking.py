"""How the client asks a model: through whichever OpenAI-compatible client there is.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from optimizer.core.programs.ending import no_answer, spoken
from promptlab.releases.formats.standalone import NoAnswer
from promptlab.releases.formats.system_less import without_system

# ----------------------------------------------------------------------------------------------

Client = Any
"""What has `chat.completions.create`, or a function that takes its arguments."""


def completing(
    told: Mapping[str, Any], client: Client | None, model: str | None
) -> Callable[[list[dict[str, str]], dict[str, Any], dict[str, Any]], str]:
    """What asks the model that is `told`, as the run asked it."""
    create = caller_of(client, told)
    reached: dict[str, Any] = {"model": told["name"]}
    if is_litellm(create):
        reached = {"model": told["litellm"], "drop_params": True}
        reached |= {"api_base": told["api_base"]} if told["api_base"] else {}
    if model:
        reached["model"] = model

    def said(
        messages: list[dict[str, str]], schema: dict[str, Any], settings: dict[str, Any]
    ) -> str:
        sent = messages if told["system"] else without_system(messages)
        held = {"response_format": form_of(told["replies"], schema)}
        form = held if told["replies"] != "free" else {}
        return text_of(create(**reached | told["settings"] | settings | form, messages=sent))

    return said


def form_of(replies: str, schema: dict[str, Any]) -> dict[str, Any]:
    """What holds a reply to its form."""
    if replies == "json":
        return {"type": "json_object"}
    named = {"name": "reply", "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": named}


def caller_of(client: Client | None, told: Mapping[str, Any]) -> Callable[..., Any]:
    if client is None:
        base = os.environ.get("OPENAI_BASE_URL") or told["api_base"] or "https://api.openai.com/v1"
        return Endpoint(base, os.environ.get("OPENAI_API_KEY", "none"))
    chat = getattr(client, "chat", None)
    found: Callable[..., Any] = client if chat is None else chat.completions.create
    if not callable(found):
        raise TypeError("client has to have chat.completions.create, or be a function like it")
    return found


def is_litellm(create: Callable[..., Any]) -> bool:
    """LiteLLM knows the model under a name of its own."""
    return str(getattr(create, "__module__", "")).partition(".")[0] == "litellm"


def text_of(answer: Any) -> str:
    """What a chat completion says: an object or a mapping, or the text itself.

    Raises:
        NoAnswer: it was cut off, refused or withheld.
    """
    if isinstance(answer, str):
        return answer
    choice = part(answer, "choices")[0]
    text, ended = spoken(part(choice, "message"), part(choice, "finish_reason"))
    if no_answer(ended):
        raise NoAnswer(f"{no_answer(ended)}: {(text or '')[:500]}")
    return text or ""


def part(owner: Any, name: str) -> Any:
    return owner.get(name) if isinstance(owner, Mapping) else getattr(owner, name, None)


class Endpoint:
    """An OpenAI-compatible endpoint, called with the standard library."""

    def __init__(self, base: str, key: str, seconds: float = 120) -> None:
        self.address, self.key, self.seconds = f"{base.rstrip('/')}/chat/completions", key, seconds

    def __call__(self, **body: Any) -> Any:
        asked = urllib.request.Request(
            self.address,
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=self.seconds) as answer:
            return json.loads(answer.read())

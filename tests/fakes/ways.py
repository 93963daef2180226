"""Every way in which a call leaves the house: the direct client, and LiteLLM in each format."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from optimizer.core.programs.lm import Message, Reply, Role
from optimizer.lm.call import LMCall
from optimizer.lm.failures import CallFailed
from optimizer.lm.guard import EVERYWHERE, Egress
from optimizer.lm.litellm_client import LiteLLMClient
from optimizer.lm.openai_http import OpenAIHttp

SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["ham", "spam"]}},
    "required": ["label"],
}
AnyClient = OpenAIHttp | LiteLLMClient


@dataclass(frozen=True)
class Way:
    """`path` follows the server's root in the address that is given to the client."""

    name: str
    model: str
    path: str = "/v1"
    direct: bool = False

    def client(
        self, root: str, key: str = "", egress: Egress = EVERYWHERE, deadline: float = 20.0
    ) -> AnyClient:
        if self.direct:
            return OpenAIHttp(root + self.path, key, egress=egress, deadline=deadline)
        return LiteLLMClient(key, root + self.path, egress=egress, deadline=deadline)

    def call(self, text: str = "message 1", constrained: bool = False) -> LMCall:
        return replace(call(text, constrained), model=self.model)


WAYS = (
    Way("direct", "scripted", direct=True),
    Way("litellm-openai", "openai/gpt-4o-mini"),
    Way("litellm-mistral", "mistral/mistral-small-latest"),
    Way("litellm-anthropic", "anthropic/claude-3-5-haiku-latest", ""),
    Way("litellm-gemini", "gemini/gemini-2.0-flash"),
)


def call(text: str = "message 1", constrained: bool = True) -> LMCall:
    said = (Message("system", "Sort."), Message("user", text))
    return LMCall("scripted", Role.TASK, said, SCHEMA if constrained else None, 0.0, 50)


def said_by(client: AnyClient, *calls: LMCall) -> list[Reply]:
    async def spoken() -> list[Reply]:
        try:
            return [await client.complete(each) for each in calls]
        finally:
            await client.aclose()

    return asyncio.run(spoken())


def outcome_of(client: AnyClient, made: LMCall) -> Reply | CallFailed:
    """The reply, or the failure that came in its place."""
    try:
        return said_by(client, made)[0]
    except CallFailed as failure:
        return failure

"""One call to a model as it leaves the house, and the shape that every layer has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.programs.demo import digest_of
from optimizer.core.programs.lm import Functions, Message, Prompt, Reply, Role

if TYPE_CHECKING:
    from optimizer.lm.traits import Traits


@dataclass(frozen=True)
class LMCall:
    """A prompt with every setting filled in; replies must follow the JSON schema `schema`, or be a
    call of one of `functions`, of which the messages say as much.
    """

    model: str
    role: Role
    messages: tuple[Message, ...]
    schema: dict[str, Any] | None = field(hash=False)
    temperature: float
    max_tokens: int
    sample: int = 0
    functions: Functions | None = None

    def as_json(self) -> dict[str, Any]:
        """The call as it is stored and digested; in which role it is made changes no reply."""
        return {
            "model": self.model,
            "messages": [[m.role, m.content] for m in self.messages],
            "schema": self.schema,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "sample": self.sample,
        }

    def most_prompt_tokens(self) -> int:
        """An upper bound: no tokenizer makes more tokens than a text has bytes."""
        text = sum(len(m.content.encode()) + 16 for m in self.messages)
        offered = 0
        if self.functions is not None:  # and each turn may be a call with names around it
            offered = len(str(self.functions.each).encode()) + 64 * len(self.messages)
        return text + offered + (len(str(self.schema)) if self.schema else 0) + 64

    def likely_reply_tokens(self, text: str) -> int:
        return -(-len(text) // 4)

    def likely_prompt_tokens(self) -> int:
        return sum(len(m.content) for m in self.messages) // 4 + 4 * len(self.messages)


class Client(Protocol):
    """Anything that answers a call: a provider, or a layer around another client."""

    async def complete(self, call: LMCall) -> Reply:
        """Raises CallFailed, with a message for people."""
        ...


class Endpoint(Client, Protocol):
    """A client with connections of its own. `learned`: how models want their requests, by name,
    as far as it found that out itself.
    """

    @property
    def learned(self) -> Mapping[str, Traits]: ...

    async def models(self) -> list[str]:
        """Names of the models that are offered; empty where that cannot be asked."""
        ...

    async def aclose(self) -> None: ...


def call_of(prompt: Prompt, ref: ModelRef, role: Role, temperature: float | None = None) -> LMCall:
    """The prompt's own settings win, then the request's temperature, then the model's.

    A reply is never longer than the model's own limit; a roomy one is that of every call. Several
    draws at temperature 0 are one and the same.
    """
    own = prompt.temperature if prompt.temperature is not None else temperature
    heat = own if own is not None else ref.temperature
    wanted = prompt.max_tokens if prompt.max_tokens and not ref.roomy else ref.max_tokens
    return LMCall(
        model=ref.model,
        role=role,
        messages=prompt.messages,
        schema=prompt.schema,
        temperature=heat,
        max_tokens=min(wanted, ref.max_tokens),
        sample=prompt.sample if heat else 0,
        functions=prompt.functions,
    )


def key_of(namespace: str, endpoint: str, request: dict[str, Any]) -> str:
    """What a paid reply is found by: the same request, endpoint and namespace."""
    return digest_of([namespace, endpoint, request])

"""What is said to a language model and what comes back, independent of any provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class Role(StrEnum):
    """A model by what it does in a run (architecture §3)."""

    TASK = "task"
    OPTIMIZER = "optimizer"
    TEACHER = "teacher"
    JUDGE = "judge"
    EMBEDDING = "embedding"


@dataclass(frozen=True)
class EmbeddingModel:
    """A provider's model that makes vectors of texts, alike for texts that mean alike."""

    provider: int
    model: str


@dataclass(frozen=True)
class OwnModel:
    """A provider's model that a module of the program names itself, where others are asked of the
    run's.
    """

    provider: int
    model: str


@dataclass(frozen=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Functions:
    """What a reply may be instead of its text: a call of one of these functions, each a name, what
    it does, and the JSON schema of its arguments. `form` is what the system message says of the
    text, `reminder` what the input's says behind it; neither is said to a model that calls.
    """

    each: tuple[tuple[str, str, dict[str, Any]], ...] = field(hash=False)
    form: str = ""
    reminder: str = ""


@dataclass(frozen=True)
class Prompt:
    """One call's messages.

    `schema` is the JSON schema that the reply must follow, None for free text.
    `temperature` and `max_tokens` of None mean the role's own setting.
    `sample` tells apart several draws of the same messages.
    `functions`: the reply may be a call, where the model makes such; its text says the same.
    """

    messages: tuple[Message, ...]
    schema: dict[str, Any] | None = field(default=None, hash=False)
    temperature: float | None = None
    max_tokens: int | None = None
    sample: int = 0
    functions: Functions | None = None


@dataclass(frozen=True)
class Reply:
    """A model's reply; `cost` in micro-USD, 0 where its price was not known (`priced`); `cached`
    when it had been paid before. Of its prompt's tokens, `cache_read` were kept by the provider
    from an earlier prompt, and `cache_written` are kept for later ones.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: int = 0
    seconds: float = 0.0
    cached: bool = False
    finish_reason: str = "stop"
    priced: bool = True
    cache_read: int = 0
    cache_written: int = 0

"""What people want of a provider's models, and what holds where they said nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from optimizer import codec
from optimizer.core.conversation.spec import ModelRef
from optimizer.models import Provider

FEWEST_TOKENS, MOST_TOKENS = 16, 200_000
HOTTEST = 2.0
REPLY_TOKENS, THINKING_TOKENS = 600, 8_000
"""Limits of a reply: of a model that answers at once, and of one that thinks first."""
EMBEDDED_TOKENS = 160
"""Of the embedded model: longer replies of so small a one say nothing more, and take seconds."""
ROOMY = 2_000
"""A limit from here on is also that of calls which need less for what they ask: thoughts count."""

_THINKS = re.compile(
    r"(?:^|[/:@_-])(?:o[1-9]|r1|z1|k1\.5|gpt-?5(?:\.\d)?|gpt-?oss|qwq|qvq|magistral|gemini-(?:2\.5|[3-9])"
    r"|grok-(?:3-mini|[4-9])|glm-(?:4\.[5-9]|[5-9])|minimax-m\d|seed-oss|step-?3)(?![0-9a-z.])"
    r"|deepseek-?r|think|reason|nemotron|exaone-deep|qwen-?3|marco-o1|skywork-o1|sonar-deep"
    r"|hunyuan-t1|kimi-k2\.[5-9]"
)
_EMBEDS = re.compile(r"embed|(?:^|[/:_-])(?:bge|gte|e5|minilm|voyage)(?:[-_.:]|$)")
_AT_ONCE = re.compile(r"non-?(?:thinking|reasoning)|no-?think|instruct|embed|chat-latest|-coder")


@dataclass(frozen=True)
class ModelSettings:
    """`max_tokens` bounds a reply, thoughts included. `embeds`: it makes vectors of texts, and
    writes none. None of any: as the model is known.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    embeds: bool | None = None


def is_named_embedding(model: str) -> bool:
    """Whether a model makes vectors, as far as its name says."""
    return bool(_EMBEDS.search(model.casefold()))


def embeds(provider: Provider, model: str) -> bool:
    """Whether a provider's model makes vectors."""
    own = settings_of(provider, model).embeds
    return is_named_embedding(model) if own is None else own


def thinks(model: str) -> bool:
    """Whether a model thinks before it answers, as far as its name says."""
    name = model.casefold()
    return bool(_THINKS.search(name)) and not _AT_ONCE.search(name)


def usual_tokens(model: str) -> int:
    """The limit of a model's replies where nobody said one."""
    return THINKING_TOKENS if thinks(model) else REPLY_TOKENS


def settings_of(provider: Provider, model: str) -> ModelSettings:
    """What people said of one model."""
    said = provider.model_settings.get(model)
    return codec.from_json(ModelSettings, said) if said else ModelSettings()


def ref_of(provider: Provider, model: str) -> ModelRef:
    """A provider's model as it is called."""
    if provider.kind == Provider.Kind.EMBEDDED:
        return ModelRef(provider.pk, model, max_tokens=EMBEDDED_TOKENS)
    own = settings_of(provider, model)
    return ref_with(provider, model, own.temperature or 0.0, own.max_tokens)


def ref_with(
    provider: Provider, model: str, temperature: float, max_tokens: int | None
) -> ModelRef:
    """The same with what somebody wants of it just now; None: the limit that is usual."""
    tokens = max_tokens or usual_tokens(model)
    return ModelRef(provider.pk, model, temperature, tokens, roomy=tokens >= ROOMY)

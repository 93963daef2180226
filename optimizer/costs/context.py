"""How much a model reads at once: its context, in tokens."""

from __future__ import annotations

from functools import cache

from optimizer.costs.prices import listed
from optimizer.models import Provider

EMBEDDED = 4096
"""What the engine that comes along gives its models (`promptlab.launch.model_server`)."""


def context_of(provider: Provider, model: str) -> int | None:
    """Tokens of prompt and reply together; None where nobody says it."""
    if provider.kind == Provider.Kind.EMBEDDED:
        return EMBEDDED
    return _listed(model) if provider.kind == Provider.Kind.LITELLM else None


@cache
def _listed(model: str) -> int | None:
    entries = listed()
    entry = entries.get(model) or entries.get(model.partition("/")[2]) or {}
    told = entry.get("max_input_tokens")
    return told if isinstance(told, int) and told > 0 else None

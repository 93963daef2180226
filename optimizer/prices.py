"""What a model costs: the provider's own prices, or LiteLLM's price list read as a data file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from optimizer.models import Provider

MILLION = 1_000_000
_PRICE_LIST = "model_prices_and_context_window_backup.json"


@dataclass(frozen=True)
class Price:
    """Micro-USD per million tokens."""

    input: int
    output: int

    def of(self, prompt_tokens: int, completion_tokens: int) -> int:
        """Micro-USD of one call, rounded up."""
        return -(-(prompt_tokens * self.input + completion_tokens * self.output) // MILLION)


FREE = Price(0, 0)


def price_of(provider: Provider, model: str) -> Price | None:
    """The price of a provider's model, None when nobody said it. The embedded model is free."""
    if provider.kind == Provider.Kind.EMBEDDED:
        return FREE
    if provider.input_price is not None and provider.output_price is not None:
        return Price(provider.input_price, provider.output_price)
    if provider.kind == Provider.Kind.LITELLM:
        return listed_price(model)
    return None


def listed_price(model: str) -> Price | None:
    """LiteLLM's list price, with or without the provider's name before the model's."""
    prices = _price_list()
    return prices.get(model) or prices.get(model.partition("/")[2])


@cache
def _price_list() -> dict[str, Price]:
    """Found beside LiteLLM without importing it, which takes seconds and 190 MB."""
    package = find_spec("litellm")
    if package is None or package.origin is None:
        return {}
    listed = json.loads((Path(package.origin).parent / _PRICE_LIST).read_text())
    return {name: price for name, entry in listed.items() if (price := _read(entry)) is not None}


def _read(entry: dict[str, object]) -> Price | None:
    """The dearest tier of an entry, so that a reservation is an upper bound."""
    dearest = []
    for side in ("input_cost_per_token", "output_cost_per_token"):
        tiers = [
            value
            for name, value in entry.items()
            if (name == side or name.startswith(f"{side}_above")) and isinstance(value, int | float)
        ]
        if not tiers:
            return None
        dearest.append(round(max(tiers) * MILLION * MILLION))
    return Price(*dearest)

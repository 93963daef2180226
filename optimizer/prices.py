"""What a model costs: the provider's own prices, or LiteLLM's price list read as a data file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from optimizer.models import Provider

MILLION = 1_000_000
_PRICE_LIST = "model_prices_and_context_window_backup.json"
_LONG = re.compile(r"input_cost_per_token(_above_(\d+)k_tokens)")


@dataclass(frozen=True)
class Price:
    """Micro-USD per million tokens; `long` is that of prompts above `long_from` tokens."""

    input: int
    output: int
    long: Price | None = None
    long_from: int = 0

    def of(self, prompt_tokens: int, completion_tokens: int) -> int:
        """Micro-USD of one call, rounded up."""
        if self.long is not None and prompt_tokens > self.long_from:
            return self.long.of(prompt_tokens, completion_tokens)
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
    base = _sides(entry, "")
    if base is None:
        return None
    tiers = [match for name in entry if (match := _LONG.fullmatch(name))]
    if not tiers:
        return Price(*base)
    longest = max(tiers, key=lambda match: int(match.group(2)))
    dearest = _sides(entry, longest.group(1)) or base
    start = min(int(match.group(2)) for match in tiers) * 1000
    long = Price(max(base[0], dearest[0]), max(base[1], dearest[1]))
    return Price(*base, long=long, long_from=start)


def _sides(entry: dict[str, object], tier: str) -> tuple[int, int] | None:
    found = [entry.get(f"{side}_cost_per_token{tier}") for side in ("input", "output")]
    first, second = found
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return None
    return round(first * MILLION * MILLION), round(second * MILLION * MILLION)

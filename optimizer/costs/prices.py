"""What a model costs: the provider's own prices, or LiteLLM's price list read as a data file."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from optimizer.core.optimizers.estimate import ASK_TOKENS, RunEstimate
from optimizer.core.problems import Problem, problem
from optimizer.models import Provider

MILLION = 1_000_000
_PRICE_LIST = "model_prices_and_context_window_backup.json"
_LONG = re.compile(r"input_cost_per_token(_above_(\d+)k_tokens)")


@dataclass(frozen=True)
class Price:
    """Micro-USD per million tokens; `long` is that of prompts above `long_from` tokens. `read` and
    `written`: of a prompt's tokens that the provider had kept, and that it keeps; None: as others.
    """

    input: int
    output: int
    long: Price | None = None
    long_from: int = 0
    read: int | None = None
    written: int | None = None

    def of(
        self, prompt_tokens: int, completion_tokens: int, read: int = 0, written: int = 0
    ) -> int:
        """Micro-USD of one call, rounded up; `read` and `written` are among the prompt's tokens."""
        if self.long is not None and prompt_tokens > self.long_from:
            return self.long.of(prompt_tokens, completion_tokens, read, written)
        read, written = min(read, prompt_tokens), min(written, max(prompt_tokens - read, 0))
        kept = read * _or(self.read, self.input) + written * _or(self.written, self.input)
        new = (prompt_tokens - read - written) * self.input
        return -(-(new + kept + completion_tokens * self.output) // MILLION)

    @property
    def dearest(self) -> int:
        """What a prompt's token takes at most."""
        return max(self.input, _or(self.written, self.input), _or(self.read, self.input))

    def most(self, prompt_tokens: int, completion_tokens: int) -> int:
        """An upper bound, whatever is read and written."""
        if self.long is not None and prompt_tokens > self.long_from:
            return self.long.most(prompt_tokens, completion_tokens)
        told = prompt_tokens * self.dearest + completion_tokens * self.output
        return -(-told // MILLION)


def _or(price: int | None, usual: int) -> int:
    return usual if price is None else price


FREE = Price(0, 0)
MARKED = frozenset({"anthropic"})
"""Families whose models are told what of a prompt to keep (`optimizer/lm/cache_marks.py`), and
take a quarter more for that.
"""
OF_RUN = "run"
"""Whose cap cannot be kept: a run's own."""


def unknown(provider: Provider, model: str, whose: str) -> Problem:
    """A cap in money cannot be kept where a price is not known.

    `whose`: OF_RUN, or the scope of a monthly cap.
    """
    told = {"model": model, "provider": provider.name}
    if whose == OF_RUN:
        return problem("price.unknown", "limits.dollars", **told)
    if whose == provider.namespace:
        return problem("price.unknown_project", "limits.dollars", **told)
    return problem("price.unknown_installation", "limits.dollars", **told)


def cost_of(
    counts: RunEstimate,
    task: Price | None,
    writers: Sequence[Price | None],
    vectors: Sequence[Price | None] = (),
    judges: Sequence[Price | None] = (),
) -> tuple[int, int] | None:
    """Micro-USD of an estimated run, lowest and highest; None where a price is not known.

    At the low end the cheapest of the optimizer models writes all, at the high the dearest; so it
    is with `vectors`, the prices of the embedding models, and with those of `judges`.
    """
    known = [price for price in writers if price is not None]
    if task is None or (len(known) < len(writers) and counts.optimizer_calls[1]):
        return None
    if (counts.embedding_calls[1] and None in vectors) or (
        counts.judge_calls[1] and None in judges
    ):
        return None
    judge = [price for price in judges if price is not None]
    embeds = [price for price in vectors if price is not None]
    found = []
    for end, which in enumerate((min, max)):
        asked = counts.optimizer_calls[end]
        prompt = max(counts.prompt_tokens[end] - asked * ASK_TOKENS[0], 0)
        completion = max(counts.completion_tokens[end] - asked * ASK_TOKENS[1], 0)
        cost = task.of(prompt, completion)
        if asked:
            told = asked * ASK_TOKENS[0], asked * ASK_TOKENS[1]
            cost += which(price.of(*told) for price in known)
        if embeds:
            cost += which(price.of(counts.embedding_tokens[end], 0) for price in embeds)
        if judge:
            told = counts.judge_tokens[0][end], counts.judge_tokens[1][end]
            cost += which(price.of(*told) for price in judge)
        found.append(_readable(cost))
    return found[0], found[1]


def _readable(cost: int) -> int:
    """An estimate has no use for hundredths of a cent, once there are cents."""
    step = 10_000 if cost > 100_000 else 100
    return step * round(cost / step)


def price_of(provider: Provider, model: str) -> Price | None:
    """The price of a provider's model, None when nobody said it. The embedded model is free."""
    if provider.kind == Provider.Kind.EMBEDDED:
        return FREE
    if provider.input_price is not None and provider.output_price is not None:
        marked = provider.family in MARKED
        written = -(-5 * provider.input_price // 4) if marked else None
        return Price(provider.input_price, provider.output_price, written=written)
    if provider.kind == Provider.Kind.LITELLM:
        return listed_price(model)
    return None


def listed_price(model: str) -> Price | None:
    """LiteLLM's list price, with or without the provider's name before the model's."""
    prices = _price_list()
    return prices.get(model) or prices.get(model.partition("/")[2])


@cache
def _price_list() -> dict[str, Price]:
    return {name: price for name, entry in listed().items() if (price := _read(entry)) is not None}


@cache
def listed() -> dict[str, dict[str, object]]:
    """What LiteLLM's list says of models; found beside it without importing it, which takes seconds
    and 190 MB.
    """
    package = find_spec("litellm")
    if package is None or package.origin is None:
        return {}
    found: dict[str, dict[str, object]] = json.loads(
        (Path(package.origin).parent / _PRICE_LIST).read_text()
    )
    return found


def _read(entry: dict[str, object]) -> Price | None:
    base = _sides(entry, "")
    if base is None:
        return None
    read, written = _kept(entry, "read", ""), _kept(entry, "creation", "")
    tiers = [match for name in entry if (match := _LONG.fullmatch(name))]
    if not tiers:
        return Price(*base, read=read, written=written)
    longest = max(tiers, key=lambda match: int(match.group(2)))
    dearest = _sides(entry, longest.group(1)) or base
    start = min(int(match.group(2)) for match in tiers) * 1000
    tier = longest.group(1)
    long = Price(
        max(base[0], dearest[0]), max(base[1], dearest[1]),
        read=_kept(entry, "read", tier), written=_kept(entry, "creation", tier),
    )  # fmt: skip
    return Price(*base, long, start, read, written)


def _kept(entry: dict[str, object], which: str, tier: str) -> int | None:
    """The price of tokens that are read from a cache, or of whose creation there; None unsaid."""
    told = entry.get(f"cache_{which}_input_token_cost{tier}")
    return round(told * MILLION * MILLION) if isinstance(told, int | float) else None


def _sides(entry: dict[str, object], tier: str) -> tuple[int, int] | None:
    found = [entry.get(f"{side}_cost_per_token{tier}") for side in ("input", "output")]
    first, second = found
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return None
    return round(first * MILLION * MILLION), round(second * MILLION * MILLION)

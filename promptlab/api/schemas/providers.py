from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field as Bounds

from optimizer.jobs import model_checks, model_probes
from optimizer.lm.egress import AllowList, address_of, objection
from optimizer.lm.model_settings import FEWEST_TOKENS, HOTTEST, MOST_TOKENS
from optimizer.models import Provider
from promptlab.api.schemas.base import MICRO, Body, Text, example
from promptlab.providers.queries import OfferedModel, offered_models
from promptlab.ui.words import told


class OfferedModelOut(Schema):
    """A model with the limit of its replies, in tokens, and its temperature. `notes`: how it wants
    its requests, as far as that was learned. `embeds`: it makes vectors, and no replies. Dollars
    per million tokens; null: not known.
    """

    name: str
    max_tokens: int
    temperature: float
    notes: list[str]
    embeds: bool
    input_price: float | None
    output_price: float | None

    @classmethod
    def of(cls, row: OfferedModel) -> OfferedModelOut:
        price = row.price
        return cls(
            name=row.name, max_tokens=row.max_tokens, temperature=row.temperature,
            notes=list(row.notes), embeds=row.embeds,
            input_price=None if price is None else price.input / MICRO,
            output_price=None if price is None else price.output / MICRO,
        )  # fmt: skip


class ModelSettingsIn(Body):
    """What is wanted of a model of the provider. Left out or null: what is usual for it."""

    model_config = example({"model": "small-chat", "max_tokens": 600, "temperature": 0.0})

    model: Text
    max_tokens: Annotated[int, Bounds(ge=FEWEST_TOKENS, le=MOST_TOKENS)] | None = None
    temperature: Annotated[float, Bounds(ge=0, le=HOTTEST, allow_inf_nan=False)] | None = None
    embeds: bool | None = None


class ProviderOut(Schema):
    """Where models are called. Keys are never shown; `has_key` says whether there is one.

    `objection`: why calls would be refused as things stand, as to an address that is not allowed.
    `family`: the vendor whose models a LiteLLM provider calls, and whose key it holds.
    """

    id: int
    name: str
    kind: str
    family: str
    api_base: str
    models: list[str]
    offered: list[OfferedModelOut]
    has_key: bool
    objection: str
    check: str
    check_message: str
    checked_at: datetime | None

    @classmethod
    def of(cls, row: Provider, allowed: AllowList, words: bool) -> ProviderOut:
        """`words`: whether the reader may know what the provider said."""
        model, latest = next(iter(row.models_offered), ""), model_checks.latest(row)
        probes = model_probes.probes_in(row.namespace)
        return cls(
            id=row.pk, name=row.name, kind=row.kind, family=row.family, api_base=address_of(row),
            models=row.models_offered,
            offered=[OfferedModelOut.of(model) for model in offered_models(row, probes)],
            has_key=bool(row.secret_hint),
            objection=objection(row, model, allowed), check=latest.state,
            check_message=told(latest.message, latest.said, words),
            checked_at=latest.at,
        )  # fmt: skip

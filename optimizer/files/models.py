"""Models named on a command line, as providers of the namespace "cli"."""

from __future__ import annotations

import os
from dataclasses import dataclass

from django.conf import settings

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.problems import Refused
from optimizer.lm import secrets
from optimizer.lm.egress import OPERATORS
from optimizer.lm.families import family_of
from optimizer.lm.model_settings import ref_with
from optimizer.lm.pasted import base_of, key_in
from optimizer.models import Provider

NAMESPACE = OPERATORS
EMBEDDED = "embedded"


@dataclass(frozen=True)
class Access:
    """How models are reached. Prices are dollars per million tokens."""

    api_base: str = ""
    key_variable: str = ""
    concurrency: int = 8
    input_price: float | None = None
    output_price: float | None = None


def model_ref(name: str, access: Access, temperature: float, max_tokens: int | None) -> ModelRef:
    """The model `name` of a provider, made or brought up to date; without `max_tokens` its replies
    have the limit that is usual.

    "embedded" is our own engine. With an API base, "openai/NAME" is model NAME of that endpoint;
    anything else is a model as LiteLLM names it.

    Raises:
        Refused: the key's variable is empty, or LiteLLM does not know whose model it is, or may not
            call it.
    """
    if name == EMBEDDED:
        values: dict[str, object] = {"kind": Provider.Kind.EMBEDDED, "concurrency": 4}
        label, model = "Embedded model", settings.EMBEDDED_MODEL_NAME
    elif access.api_base and name.startswith("openai/"):
        model = name.removeprefix("openai/")
        label, values = access.api_base, {"kind": Provider.Kind.OPENAI_COMPATIBLE}
    else:
        model, label = name, family_of(name)
        values = {"kind": Provider.Kind.LITELLM, "family": label}
    if name != EMBEDDED:
        values |= {"api_base": base_of(access.api_base), **_money(access), **_key(access)}
        values["concurrency"] = access.concurrency
    provider, _ = Provider.objects.update_or_create(
        namespace=NAMESPACE, name=label[:80], defaults=values
    )
    return ref_with(provider, model, temperature, max_tokens)


def _money(access: Access) -> dict[str, object]:
    given = {"input_price": access.input_price, "output_price": access.output_price}
    return {n: None if price is None else round(price * 1_000_000) for n, price in given.items()}


def _key(access: Access) -> dict[str, object]:
    if not access.key_variable:
        return {"secret": None, "secret_hint": ""}
    key = key_in(os.environ.get(access.key_variable, ""))
    if not key:
        raise Refused.because("option.no_key", name=access.key_variable)
    return {"secret": secrets.encrypt(key), "secret_hint": secrets.hint(key)}

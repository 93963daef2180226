"""Where models are called, and where calls may go."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Provider(models.Model):
    """Where models are called: a LiteLLM provider, an OpenAI-compatible endpoint, our own engine.

    `secret` is the API key, encrypted: of the endpoint at `api_base`, or of `family`, the vendor
    whose models LiteLLM calls, and the first part of all their names. Prices are micro-USD per
    million tokens; None means LiteLLM's price list for its providers, and unknown for an
    OpenAI-compatible endpoint.
    `model_traits` is what was learned of how models want their requests, by name
    (optimizer/lm/traits.py); `model_settings` what people want of them
    (optimizer/lm/model_settings.py).
    `check_run` is its latest test since it was changed (optimizer/jobs/model_checks.py).
    """

    class Kind(models.TextChoices):
        EMBEDDED = "embedded", _("Embedded model")
        OPENAI_COMPATIBLE = "openai_compatible", _("OpenAI-compatible endpoint")
        LITELLM = "litellm", _("LiteLLM provider")

    namespace = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=Kind)
    api_base = models.CharField(max_length=500, blank=True)
    family = models.CharField(max_length=60, blank=True, default="")
    secret = models.BinaryField(null=True)
    secret_hint = models.CharField(max_length=8, blank=True)
    models_offered = models.JSONField(default=list)
    concurrency = models.PositiveSmallIntegerField(default=8)
    input_price = models.BigIntegerField(null=True)
    output_price = models.BigIntegerField(null=True)
    constrains_replies = models.BooleanField(default=True)
    model_traits = models.JSONField(default=dict)
    model_settings = models.JSONField(default=dict)
    check_run = models.ForeignKey("Run", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["namespace", "name"], name="provider_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class AllowedAddress(models.Model):
    """Where calls may go although it is not public: what an administrator of the installation said.

    `host` is a network (10.0.0.0/8), an address as a network of one (127.0.0.1/32), or a name,
    which is looked up when it is called. `port` None is any. `added_by` is who, in words.
    """

    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True)
    added_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["host", "port"], name="address_allowed_once", nulls_distinct=False
            ),
        ]
        ordering = ["host", "port"]

    def __str__(self) -> str:
        return shown_address(self.host, self.port)


def shown_address(host: str, port: int | None) -> str:
    """A host or a network with its port, as people write it."""
    alone = host.removesuffix("/32").removesuffix("/128")
    if port is None:
        return alone
    return f"[{alone}]:{port}" if ":" in alone else f"{alone}:{port}"

"""How models want their requests, kept with their provider for later runs."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from optimizer import codec
from optimizer.lm.traits import Traits
from optimizer.models import Provider


def traits_of(provider: Provider) -> dict[str, Traits]:
    """What was learned of the provider's models, by name."""
    return codec.from_json(dict[str, Traits], provider.model_traits)


def keep(provider: Provider, learned: Mapping[str, Traits]) -> None:
    """Add what a run has learned, unless the provider leads somewhere else by now."""
    with transaction.atomic():
        same = Provider.objects.filter(
            pk=provider.pk, api_base=provider.api_base, family=provider.family
        )
        row = same.select_for_update().first()
        if row is None:
            return
        row.model_traits = row.model_traits | codec.to_json(dict(learned), dict[str, Traits])
        row.save(update_fields=["model_traits"])

"""Testing a provider: one small call to one model, made by a worker."""

from __future__ import annotations

from django.db import transaction

from optimizer import doorbell, tasks
from optimizer.models import Provider


def start(provider_id: int, model: str = "") -> None:
    """Ask a worker to test the provider with this model, or with the first that it offers.

    The worker fills `check_state`, `check_message`, `check_said`, `check_seconds` and `checked_at`,
    and rings "provider:<id>".
    """
    with transaction.atomic():
        Provider.objects.filter(pk=provider_id).update(
            check_state=Provider.Check.WAITING, check_message="", check_said="", check_seconds=None
        )
        tasks.check_provider.defer(provider_id=provider_id, model=model)
        doorbell.ring("provider", provider_id)

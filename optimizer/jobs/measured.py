"""What calls of a model took and cost so far, so that an estimate need not be a guess."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Avg, Count

from optimizer.costs import prices
from optimizer.jobs import model_checks
from optimizer.models import Completion, Provider, Run

RECENT = 200


@dataclass(frozen=True)
class Measured:
    """Means of the latest calls of one model; None where nothing was measured.

    `at_once` is how many calls the provider takes together, `price` None when nobody said it.
    """

    calls: int
    seconds: float | None
    prompt_tokens: float | None
    completion_tokens: float | None
    at_once: int
    price: prices.Price | None

    @property
    def seconds_apart(self) -> float | None:
        """Wall-clock seconds between two finished calls, when as many run as may."""
        return None if self.seconds is None else self.seconds / max(self.at_once, 1)


def measured(provider: Provider, model: str, role: str) -> Measured:
    """The provider's own record of this model in this role, or else its connection check."""
    settled = Completion.objects.filter(
        namespace=provider.namespace, provider=provider.pk, model=model, role=role,
        state=Completion.State.SETTLED,
    ).exclude(run__task=Run.Task.CHECK).exclude(owner__startswith="provider:")  # fmt: skip
    latest = settled.order_by("-settled_at")[
        :RECENT
    ]  # of the program: no test's three words, be it one of 0.1.0
    found = latest.aggregate(
        calls=Count("pk"), seconds=Avg("seconds"), prompt=Avg("prompt_tokens"),
        completion=Avg("completion_tokens"),
    )  # fmt: skip
    seconds = found["seconds"] if found["calls"] else model_checks.latest(provider).seconds
    return Measured(
        found["calls"], seconds, found["prompt"], found["completion"], provider.concurrency,
        prices.price_of(provider, model),
    )  # fmt: skip

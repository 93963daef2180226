"""What was taken in a calendar month, and what may be."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Spending(models.Model):
    """What one run took in a calendar month (UTC): the run's account by months. A call counts in
    the month in which it was reserved; those of runs that are gone are kept together (`run` 0).

    Each run has rows of its own, so that runs never wait for one another to count.
    """

    month = models.DateField()
    namespace = models.CharField(max_length=64)
    run = models.BigIntegerField()
    used_calls = models.PositiveIntegerField(default=0)
    used_cost = models.BigIntegerField(default=0)
    over_cost = models.BigIntegerField(default=0)
    held_calls = models.PositiveIntegerField(default=0)
    held_cost = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "namespace", "run"], name="spending_once"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace} in {self.month:%B %Y}"


class SpendingCap(models.Model):
    """What a namespace may take in a calendar month, or the whole installation (`scope` "*").

    The sums are those of `month`: of all Spending rows below, kept here so that the database itself
    refuses to pass the cap. `passed_*` is what was taken and held already when a lower cap was set,
    which nothing can undo.
    """

    scope = models.CharField(max_length=64, primary_key=True)
    max_calls = models.PositiveIntegerField(null=True)
    max_cost = models.BigIntegerField(null=True)
    month = models.DateField()
    passed_calls = models.PositiveIntegerField(default=0)
    passed_cost = models.BigIntegerField(default=0)
    used_calls = models.PositiveIntegerField(default=0)
    used_cost = models.BigIntegerField(default=0)
    over_cost = models.BigIntegerField(default=0)
    held_calls = models.PositiveIntegerField(default=0)
    held_cost = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="month_calls_within_cap",
                condition=Q(max_calls=None)
                | Q(max_calls__gte=F("used_calls") + F("held_calls"))
                | Q(passed_calls__gte=F("used_calls") + F("held_calls")),
            ),
            models.CheckConstraint(
                name="month_cost_within_cap",
                condition=Q(max_cost=None)
                | Q(max_cost__gte=F("used_cost") + F("held_cost"))
                | Q(passed_cost__gte=F("used_cost") + F("held_cost")),
            ),
        ]

    def __str__(self) -> str:
        return f"cap of {self.scope}"

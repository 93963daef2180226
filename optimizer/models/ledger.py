"""Calls that were reserved and paid, and what was accepted of them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from optimizer.models.runs import Run


class Completion(models.Model):
    """The ledger of model calls and their cache: reserved before, settled after, never paid twice.

    `key` digests namespace, endpoint, model and the whole request. Costs are micro-USD;
    `held_cost` is the upper bound that was reserved. `owner` is who reserved it ("run:9:2" is run 9
    in its second epoch); a reserved row whose owner is gone is in doubt, and charged at its upper
    bound. `attempt` counts requests sent, `doubts` those whose end is unknown; `doubt_cost` is what
    these were charged with, beside the `cost` of the reply. Without a known price (`priced`) a call
    counts as a call alone.
    """

    class State(models.TextChoices):
        RESERVED = "reserved", _("Reserved")
        SETTLED = "settled", _("Settled")
        FAILED = "failed", _("Failed")
        DOUBT = "doubt", _("In doubt")

    key = models.CharField(max_length=64, primary_key=True)
    namespace = models.CharField(max_length=64)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="completions")
    role = models.CharField(max_length=10)
    provider = models.IntegerField()
    model = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State)
    owner = models.CharField(max_length=64)
    attempt = models.PositiveSmallIntegerField(default=1)
    doubts = models.PositiveSmallIntegerField(default=0)
    held_cost = models.BigIntegerField(default=0)
    request = models.JSONField()
    reply = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=20, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    doubt_cost = models.BigIntegerField(default=0)
    priced = models.BooleanField(default=True, db_default=True)
    seconds = models.FloatField(default=0)
    reserved_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["run", "state"]),
            models.Index(fields=["run", "role"]),
            models.Index(fields=["owner"], condition=Q(state="reserved"), name="reserved_by"),
            models.Index(fields=["run"], condition=Q(priced=False), name="unpriced_of_run"),
            models.Index(
                fields=["namespace", "reserved_at"], condition=Q(priced=False), name="unpriced_in"
            ),
            models.Index(fields=["run"], condition=Q(cost__gt=F("held_cost")), name="overbilled"),
        ]

    def __str__(self) -> str:
        return f"{self.state} call {self.key[:12]}"


class TextVector(models.Model):
    """The vector that a model made of a text, stored with the call that was paid for it, so that
    the same text is never paid for again. `key` digests namespace, endpoint, model and text.
    """

    key = models.CharField(max_length=64, primary_key=True)
    namespace = models.CharField(max_length=64)
    vector = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"vector {self.key[:12]}"


class FetchedText(models.Model):
    """What an address gave, kept so that the same is never asked again and a run that goes on is
    answered as before. `key` digests namespace, address, body and version.
    """

    key = models.CharField(max_length=64, primary_key=True)
    namespace = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"answer {self.key[:12]}"


class AcceptedOverrun(models.Model):
    """What calls of a run to one model had cost beyond their reservations, in micro-USD, when
    somebody resumed the run and so accepted it.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="+")
    provider = models.IntegerField()
    model = models.CharField(max_length=200)
    excess = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "provider", "model"], name="accepted_once"),
        ]

    def __str__(self) -> str:
        return f"accepted overrun of {self.model} in run {self.run_id}"

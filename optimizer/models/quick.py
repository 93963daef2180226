"""tmp"""

from __future__ import annotations

from django.db import models

from optimizer.models.owned import Owned


class Measurement(Owned):
    """A program run on a few examples before a run starts, to see what its calls take.

    `digest` is that of what was measured (program, model and examples): whoever wants the same
    finds it again. `outcomes` are the examples', `at_once` how many were under way together.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    namespace = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    program = models.JSONField()
    model = models.JSONField()
    examples = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    outcomes = models.JSONField(null=True)
    at_once = models.PositiveIntegerField(default=1)
    problem = models.TextField(blank=True)
    said = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["namespace", "digest"], name="measurement_of")]

    def __str__(self) -> str:
        return f"measurement {self.pk}"


class Tryout(Owned):
    """One program tried on one example, outside any run: asked by a page, answered by a worker."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    namespace = models.CharField(max_length=64)
    program = models.JSONField()
    prompts = models.JSONField()
    model = models.JSONField()
    metric = models.JSONField(null=True)
    example = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    outcome = models.JSONField(null=True)
    problem = models.TextField(blank=True)
    said = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"tryout {self.pk}"

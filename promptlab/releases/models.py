"""Pages about versions that people outside can read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from optimizer.models import Provider
from promptlab.reviews.models import Version


class PublicPage(models.Model):
    """An address that nobody can guess, at which a version is shown to whoever has it, until it is
    closed. `shows_*`: what besides its figures.
    """

    version = models.ForeignKey(Version, models.PROTECT, related_name="public_pages")
    key = models.CharField(max_length=64, unique=True)
    shows_prompts = models.BooleanField(default=False)
    shows_demos = models.BooleanField(default=False)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=Q(closed_at=None), name="one_open_page_a_version"
            ),
        ]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"page of {self.version}"


class TunedModel(models.Model):
    """A model whose weights were tuned, outside, by the accepted answers of a version."""

    version = models.ForeignKey(Version, models.PROTECT, related_name="tuned_models")
    provider = models.ForeignKey(Provider, models.CASCADE, related_name="+")
    model = models.CharField(max_length=200)
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "provider", "model"], name="tuned_once"),
        ]

    def __str__(self) -> str:
        return f"{self.model}, tuned by {self.version}"

"""Decisions about candidates, and the versions that approvals make."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from optimizer.models import Candidate
from promptlab.reviews.content import VersionContent, read_content
from promptlab.runs.models import ProjectRun


class Review(models.Model):
    """One decision about one candidate. Decisions are added, never changed."""

    class Decision(models.TextChoices):
        APPROVE = "approve", _("Approved")
        REQUEST_CHANGES = "request_changes", _("Changes requested")
        REJECT = "reject", _("Rejected")

    project_run = models.ForeignKey(ProjectRun, models.PROTECT, related_name="reviews")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="reviews")
    decision = models.CharField(max_length=20, choices=Decision)
    note = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reviews")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_decision_display()} by {self.by}"


class Version(models.Model):
    """An approved state of a program. The database refuses to change or delete it.

    `canonical` is the content's JSON in its one spelling, `sha256` the digest of its UTF-8 bytes.
    """

    project = models.ForeignKey("accounts.Project", models.PROTECT, related_name="versions")
    program = models.ForeignKey("programs.Program", models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    canonical = models.TextField()
    sha256 = models.CharField(max_length=64)
    project_run = models.ForeignKey(ProjectRun, models.PROTECT, related_name="versions")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="versions")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="versions"
    )
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["project_run", "candidate"], name="version_candidate_once"
            ),
        ]
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def data(self) -> dict[str, Any]:
        """The content as plain JSON data."""
        data: dict[str, Any] = json.loads(self.canonical)
        return data

    @cached_property
    def content(self) -> VersionContent:
        return read_content(self.data)


class Label(models.Model):
    """A movable pointer to a version of a program. `latest` goes to what was approved last, all
    others are moved by hand; `USUAL` are offered before they point anywhere.
    """

    LATEST, PRODUCTION, STAGING = "latest", "production", "staging"
    USUAL = (PRODUCTION, STAGING)

    program = models.ForeignKey("programs.Program", models.CASCADE, related_name="labels")
    name = models.CharField(max_length=40)
    version = models.ForeignKey(Version, models.PROTECT, related_name="labels")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "name"], name="label_once"),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class LabelMove(models.Model):
    """The history of a label: where it went, from where, by whom. `back`: it was rolled back, which
    takes the move before away.
    """

    program = models.ForeignKey("programs.Program", models.CASCADE, related_name="label_moves")
    label = models.CharField(max_length=40)
    version = models.ForeignKey(Version, models.PROTECT, related_name="moves_to")
    replaced = models.ForeignKey(Version, models.PROTECT, null=True, related_name="moves_from")
    back = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="label_moves")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.label} to v{self.version.number}"

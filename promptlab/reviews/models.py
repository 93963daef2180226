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
from promptlab.reviews.evidence import Evidence, read_evidence
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


class Packet(models.Model):
    """Evidence about a candidate, as it was when it was sent to review. The database refuses to
    change or delete it.

    `canonical` is the evidence's JSON in its one spelling, `sha256` the digest of its UTF-8 bytes;
    `asked` is who shall decide, None: any reviewer; `answers` is the request for changes that it
    answers, `note` what its sender says.
    """

    project_run = models.ForeignKey(ProjectRun, models.PROTECT, related_name="packets")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="packets")
    number = models.PositiveIntegerField()
    canonical = models.TextField()
    sha256 = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="packets")
    asked = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="asked_packets"
    )
    answers = models.ForeignKey(Review, models.PROTECT, null=True, related_name="answers")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "number"], name="packet_number_once"),
        ]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"packet {self.number} of candidate {self.candidate.number}"

    @property
    def data(self) -> dict[str, Any]:
        """The evidence as plain JSON data."""
        data: dict[str, Any] = json.loads(self.canonical)
        return data

    @cached_property
    def evidence(self) -> Evidence:
        return read_evidence(self.data)


class Point(models.Model):
    """What has to be looked at before a packet is approved: a changed module, by its name, an
    example that got worse, by its id, or a protected one that did, which only a reason lets pass.
    """

    class Kind(models.TextChoices):
        MODULE = "module", _("Changed module")
        REGRESSION = "regression", _("Regression")
        PROTECTED = "protected", _("Protected example that got worse")

    packet = models.ForeignKey(Packet, models.PROTECT, related_name="points")
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["packet", "kind", "name"], name="point_once"),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Look(models.Model):
    """Somebody looked at a point; with a `reason`, they let it pass without."""

    point = models.ForeignKey(Point, models.CASCADE, related_name="looks")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="looks")
    reason = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["point", "by"], name="look_once"),
        ]

    def __str__(self) -> str:
        return f"{self.by} at {self.point}"


class Comment(models.Model):
    """What somebody says of one line of a packet's prompts. `line` counts from 1."""

    packet = models.ForeignKey(Packet, models.PROTECT, related_name="comments")
    module = models.CharField(max_length=200)
    line = models.PositiveIntegerField()
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="comments")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.by} on {self.module}:{self.line}"


class Mention(models.Model):
    """A member who is named in a comment, until they read it."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="named")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="named_in")
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "user"], name="mention_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.comment}"


class Version(models.Model):
    """An approved state of a program. The database refuses to change or delete it.

    `canonical` is the content's JSON in its one spelling, `sha256` the digest of its UTF-8 bytes;
    `packet` the evidence that it stands on: every point of it was looked at by who approved, which
    the database holds them to. Versions of earlier releases have none.
    """

    project = models.ForeignKey("accounts.Project", models.PROTECT, related_name="versions")
    program = models.ForeignKey("programs.Program", models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    canonical = models.TextField()
    sha256 = models.CharField(max_length=64)
    project_run = models.ForeignKey(ProjectRun, models.PROTECT, related_name="versions")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="versions")
    packet = models.ForeignKey(Packet, models.PROTECT, null=True, related_name="versions")
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
    others are moved by hand; `USUAL` are offered before they point anywhere. One that is for the
    calls of one model has it after an @.
    """

    LATEST, PRODUCTION, STAGING = "latest", "production", "staging"
    USUAL = (PRODUCTION, STAGING)

    program = models.ForeignKey("programs.Program", models.CASCADE, related_name="labels")
    name = models.CharField(max_length=130)
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
    takes the move before away; without a `version`, it was removed.
    """

    program = models.ForeignKey("programs.Program", models.CASCADE, related_name="label_moves")
    label = models.CharField(max_length=130)
    version = models.ForeignKey(Version, models.PROTECT, null=True, related_name="moves_to")
    replaced = models.ForeignKey(Version, models.PROTECT, null=True, related_name="moves_from")
    back = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="label_moves")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.label} to {self.version or 'nothing'}"

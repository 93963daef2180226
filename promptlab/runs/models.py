"""A run as the project sees it: who started what, and what people decided about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from optimizer.models import Run


class ProjectRun(models.Model):
    """One run of a project, numbered within it. All that was optimized is frozen in `run`.

    The names are those at the start; dataset and metric may be gone since. `input_columns` are
    the columns that inputs of other names were read from. The decision columns are
    a summary that a review writes, so that lists need not ask the rooms above: `version_scores` are
    what is known of the candidate that became the version (`results.state.VersionScores`).
    `origin`: the run that this one goes on from, or whose candidates those of an evaluation join;
    `origin_candidate`: whose prompts it began with, or scores.
    """

    class Decision(models.TextChoices):
        NONE = "", _("Not decided")
        APPROVED = "approve", _("Approved")
        CHANGES = "request_changes", _("Changes requested")
        REJECTED = "reject", _("Rejected")

    project = models.ForeignKey("accounts.Project", models.CASCADE, related_name="runs")
    number = models.PositiveIntegerField()
    run = models.OneToOneField(Run, models.PROTECT, related_name="project_run")
    program = models.ForeignKey("programs.Program", models.PROTECT, related_name="runs")
    program_name = models.CharField(max_length=120)
    dataset = models.ForeignKey("datasets.Dataset", models.SET_NULL, null=True, related_name="runs")
    dataset_name = models.CharField(max_length=120)
    dataset_digest = models.CharField(max_length=64, blank=True)
    dataset_version = models.PositiveIntegerField(default=1)
    metric = models.ForeignKey("metrics.Metric", models.SET_NULL, null=True, related_name="runs")
    metric_name = models.CharField(max_length=120)
    input_columns = models.JSONField(default=dict)
    effort = models.CharField(max_length=10)
    origin = models.ForeignKey("self", models.PROTECT, null=True, related_name="followers")
    origin_candidate = models.PositiveIntegerField(null=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="runs")
    created_at = models.DateTimeField(auto_now_add=True)

    decision = models.CharField(max_length=20, choices=Decision, default=Decision.NONE, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decision_note = models.TextField(blank=True)
    version_number = models.PositiveIntegerField(null=True)
    version_scores = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="project_run_number_once"),
        ]
        ordering = ["-number"]

    def __str__(self) -> str:
        return gettext("Run %(n)s") % {"n": self.number}


class EditedCandidate(models.Model):
    """That a run's candidate was written by hand, out of which other (`parent`), and where it was
    scored first. It is one of the run's candidates, by its digest, as soon as it was.
    """

    project_run = models.ForeignKey(ProjectRun, models.CASCADE, related_name="edits")
    digest = models.CharField(max_length=64)
    parent = models.PositiveIntegerField()
    evaluation = models.ForeignKey(ProjectRun, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project_run", "digest"], name="edit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.project_run}, by hand from {self.parent}"


class EditDraft(models.Model):
    """What somebody typed into the page that edits a candidate, until it is scored or thrown away:
    the form as a browser sends it.
    """

    project_run = models.ForeignKey(ProjectRun, models.CASCADE, related_name="edit_drafts")
    candidate = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    typed = models.TextField()
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project_run", "candidate", "by"], name="edit_draft_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_run}, {self.candidate}, {self.by}"


class RewriteCard(models.Model):
    """An instruction that a run made better, provably, and that somebody approved: an example of
    rewriting for whoever writes next. `gain` is the mean difference of the score in 0–1 on `n`
    examples, with its 95 % interval from `low` to `high`. `shared`: other projects may see it.
    """

    class TaskKind(models.TextChoices):
        CHOICE = "choice", _("a choice")
        FIGURE = "figure", _("a figure")
        VALUES = "values", _("several values")
        TEXT = "text", _("a text")

    project = models.ForeignKey("accounts.Project", models.CASCADE, related_name="rewrites")
    project_run = models.ForeignKey(ProjectRun, models.CASCADE, related_name="rewrites")
    candidate = models.PositiveIntegerField()
    module = models.CharField(max_length=120)
    task_kind = models.CharField(max_length=10, choices=TaskKind)
    task_text = models.TextField()
    model = models.CharField(max_length=200)
    before = models.TextField()
    after = models.TextField()
    gain = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    n = models.PositiveIntegerField()
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project_run", "candidate", "module"], name="rewrite_card_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.module} of candidate {self.candidate} of {self.project_run}"


class PlayDraft(models.Model):
    """What somebody has typed into the playground of a project: the form as a browser sends it."""

    project = models.ForeignKey("accounts.Project", models.CASCADE, related_name="play_drafts")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    typed = models.TextField()
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "by"], name="play_draft_once"),
        ]

    def __str__(self) -> str:
        return f"{self.project}, {self.by}"


class Play(models.Model):
    """Prompts tried side by side on a few rows. `typed` is the form that asked for it, `columns`
    what its columns are called, `rows` the ids of its examples, in their order.
    """

    project = models.ForeignKey("accounts.Project", models.CASCADE, related_name="plays")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    typed = models.TextField()
    columns = models.JSONField()
    rows = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}, {self.by}"


class PlayRun(models.Model):
    """One column of a play on some of its rows: those that are scored, or those that are not."""

    play = models.ForeignKey(Play, models.CASCADE, related_name="parts")
    column = models.PositiveSmallIntegerField()
    run = models.OneToOneField(Run, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["column", "pk"]

    def __str__(self) -> str:
        return f"{self.play}, column {self.column}"

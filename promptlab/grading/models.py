"""What people grade, what they said, and which verdicts a judge is measured by."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from promptlab.metrics.models import Metric
from promptlab.runs.models import ProjectRun


class Queue(models.Model):
    """Answers of a run's candidates to be graded, or two of them to be compared, blind.

    `levels` are JSON of `Level`s; a comparison has none. `column` is the expected value that is
    shown, "" for none; `output` what is judged.
    """

    class Way(models.TextChoices):
        GRADE = "grade", _("Grade one answer at a time")
        COMPARE = "compare", _("Compare two answers")

    project_run = models.ForeignKey(ProjectRun, models.CASCADE, related_name="queues")
    way = models.CharField(max_length=10, choices=Way)
    levels = models.JSONField(default=list)
    output = models.CharField(max_length=64)
    column = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"queue {self.pk}"


class Item(models.Model):
    """One answer, or two, to one example. `candidate` is whose the first is, `other` whose the
    second; nobody who grades is told.
    """

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    example = models.CharField(max_length=200)
    inputs = models.JSONField()
    expected = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    candidate = models.PositiveIntegerField()
    other_answer = models.TextField(blank=True)
    other = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["queue", "position"], name="graded_item_once"),
        ]

    def __str__(self) -> str:
        return f"item {self.position} of queue {self.queue_id}"


class Grade(models.Model):
    """One person's verdict on an item: a level's name, or FIRST, SECOND or TIE. `note` is what
    speaks for it, which instructions may be written from.
    """

    FIRST, SECOND, TIE = "first", "second", "tie"

    item = models.ForeignKey(Item, models.CASCADE, related_name="grades")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=80)
    note = models.CharField(max_length=2000, blank=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "by"], name="grade_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.by}"


class JudgeLabels(models.Model):
    """By which verdicts a judge is measured: a dataset's column, or what people graded; and the
    program that it was made into to be optimized.
    """

    metric = models.OneToOneField(Metric, models.CASCADE, related_name="+")
    dataset = models.ForeignKey("datasets.Dataset", models.CASCADE, null=True, related_name="+")
    answer = models.CharField(max_length=64, blank=True)
    verdict = models.CharField(max_length=64, blank=True)
    queue = models.ForeignKey(Queue, models.CASCADE, null=True, related_name="+")
    program = models.ForeignKey("programs.Program", models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"labels of {self.metric}"

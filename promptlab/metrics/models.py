"""A project's metrics: each a core Metric with a name."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from optimizer import codec
from optimizer.core.evaluation.metric import Metric as CoreMetric
from promptlab.accounts.models import Project
from promptlab.metrics.kinds import KINDS
from promptlab.metrics.kinds.kind import MetricKind


class Metric(models.Model):
    """Compares a program's `output` with a dataset's `expected` column, either of which a kind may
    do without. Runs freeze a copy.

    `kind_settings` are what its kind asks besides, the parts of several among them.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="metrics")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    output = models.CharField(max_length=64, blank=True)
    expected = models.CharField(max_length=64, blank=True)
    kind_settings = models.JSONField(default=dict)
    threshold = models.FloatField(default=1.0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="metric_name_once"),
            models.CheckConstraint(
                condition=Q(threshold__gte=0, threshold__lte=1),
                name="metric_within_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def core(self) -> CoreMetric:
        given = {name: getattr(self, name) for name in ("kind", "output", "expected", "threshold")}
        return codec.from_json(CoreMetric, given | self.kind_settings)

    @property
    def shown_kind(self) -> MetricKind:
        return KINDS[self.kind]

    @property
    def judged(self) -> list[str]:
        """The outputs that it judges, each once."""
        return list(dict.fromkeys(m.output for m in self.core.singles if m.output))

    @property
    def compared_with(self) -> list[str]:
        """The columns that it compares with."""
        return list(self.core.expects)

    @property
    def is_judge(self) -> bool:
        """Whether a model judges, or one of its parts."""
        return bool(self.core.judges)

    @property
    def detail(self) -> str:
        """What its kind's name does not say yet."""
        return self.shown_kind.detail_of(self.core)


class RowNote(models.Model):
    """What a person said of an answer to a dataset's row, by the row's key: feedback for whoever
    writes instructions. `source` is where it was said.
    """

    dataset = models.ForeignKey("datasets.Dataset", models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    source = models.CharField(max_length=40)
    text = models.CharField(max_length=2000)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "key", "by", "source"], name="row_note_once"
            ),
        ]

    def __str__(self) -> str:
        return f"note on {self.key}"


class ProgramFeedback(models.Model):
    """The rules that give feedback on a program's answers: `rules` are JSON of `FeedbackRule`s."""

    program = models.OneToOneField("programs.Program", models.CASCADE, related_name="+")
    rules = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"feedback on {self.program}"

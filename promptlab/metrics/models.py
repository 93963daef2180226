"""A project's metrics: each a core Metric with a name."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from optimizer.core.evaluation.metrics import Metric as CoreMetric
from optimizer.core.evaluation.metrics import MetricKind
from promptlab.accounts.models import Project


class Metric(models.Model):
    """Compares a program's `output` with a dataset's `expected` column. Runs freeze a copy."""

    class Kind(models.TextChoices):
        EXACT_MATCH = MetricKind.EXACT_MATCH.value, _("Exact match")
        TOKEN_F1 = MetricKind.TOKEN_F1.value, _("Token F1")
        CONTAINS = MetricKind.CONTAINS.value, _("Contains")
        CHOICE_ACCURACY = MetricKind.CHOICE_ACCURACY.value, _("Choice accuracy")
        NUMERIC = MetricKind.NUMERIC.value, _("Numeric")

    project = models.ForeignKey(Project, models.CASCADE, related_name="metrics")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=Kind)
    output = models.CharField(max_length=64)
    expected = models.CharField(max_length=64)
    tolerance = models.FloatField(default=0.0)
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
                condition=Q(threshold__gte=0, threshold__lte=1, tolerance__gte=0),
                name="metric_within_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def core(self) -> CoreMetric:
        return CoreMetric(
            MetricKind(self.kind), self.output, self.expected, self.tolerance, self.threshold
        )

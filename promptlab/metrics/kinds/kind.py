"""What pages say of a metric kind, and what its form asks besides."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.functional import Promise

from optimizer.core.evaluation.metric import Metric


@dataclass(frozen=True)
class MetricKind:
    """A kind in words.

    `fields` are the form's fields for what not every kind asks, by the name that its metric has
    for each. `detail` is what a list shows beside the label, of the values of these fields.
    """

    metric: type[Metric]
    label: str | Promise
    description: str | Promise
    fields: Mapping[str, forms.Field] = field(default_factory=dict)
    detail: str = ""

    @property
    def name(self) -> str:
        return self.metric.kind

    def form_fields(self) -> dict[str, forms.Field]:
        """The fields, for one form."""
        return {name: deepcopy(asked) for name, asked in self.fields.items()}

    def settings_of(self, metric: Metric) -> dict[str, Any]:
        """The values of these fields."""
        return {name: getattr(metric, name) for name in self.fields}

    def detail_of(self, metric: Metric) -> str:
        """The detail of this metric, "" where nothing was chosen."""
        settings = self.settings_of(metric)
        return self.detail.format(**settings) if any(settings.values()) else ""

"""What pages say of a metric kind, and what its form asks besides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer.core.evaluation.metric import Metric
from optimizer.core.problems import Problem
from promptlab.ui.kinds import Kind


@dataclass(frozen=True)
class MetricKind(Kind[Metric]):
    """`detail` is what a list shows beside the label, of the values of the kind's own fields.

    `check` says what keeps a metric from being kept, each at the field that it is about.
    """

    detail: str = ""
    check: Callable[[Metric], Sequence[Problem]] = lambda metric: ()

    def detail_of(self, metric: Metric) -> str:
        """The detail of this metric, "" where nothing was chosen."""
        settings = self.settings_of(metric)
        return self.detail.format(**settings) if any(settings.values()) else ""

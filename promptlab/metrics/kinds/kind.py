"""What pages say of a metric kind, and what its form asks besides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from optimizer.core.evaluation.metric import Metric
from optimizer.core.problems import Problem
from promptlab.ui.kinds import Kind


@dataclass(frozen=True)
class MetricKind(Kind[Metric]):
    """`detail` is what a list shows beside the label, of the values of the kind's own fields.

    `offered`: whether forms offer it; what is made by several forms together is not. `settings` are
    what such a kind stores besides. `group` is the heading under which forms list it, "": it stands
    before all others. `folds`: what it asks besides is seldom wanted, and shown on demand.
    `has_ready_code`: whether there is a page of what one may begin with.

    `check` says what keeps a metric from being kept, each at the field that it is about.
    """

    detail: str = ""
    offered: bool = True
    group: str | Promise = ""
    folds: bool = False
    has_ready_code: bool = False
    settings: tuple[str, ...] = ()
    check: Callable[[Metric], Sequence[Problem]] = lambda metric: ()

    def settings_of(self, made: Metric) -> dict[str, Any]:
        return super().settings_of(made) | {name: getattr(made, name) for name in self.settings}

    def detail_of(self, metric: Metric) -> str:
        """The detail of this metric, "" where nothing was chosen."""
        settings = self.settings_of(metric)
        return self.detail.format(**settings) if any(settings.values()) else ""

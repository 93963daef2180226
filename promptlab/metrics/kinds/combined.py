from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.combined import Combined
from promptlab.metrics.kinds.kind import MetricKind

COMBINED = MetricKind(
    Combined,
    _("Several parts"),
    _("Parts of other kinds, and one objective."),
    offered=False,
    settings=("parts", "objective"),
)

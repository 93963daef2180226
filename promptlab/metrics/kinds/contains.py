from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.contains import Contains
from promptlab.metrics.kinds.kind import MetricKind

CONTAINS = MetricKind(
    Contains,
    _("Contains"),
    _("Right when the expected text stands somewhere in the answer."),
    group=_("Texts"),
)

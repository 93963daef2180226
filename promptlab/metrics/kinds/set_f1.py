from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.set_f1 import SetF1
from promptlab.metrics.kinds.kind import MetricKind

SET_F1 = MetricKind(
    SetF1,
    _("Set F1"),
    _("Of lists: how many expected items are given, and how many given ones were expected."),
    group=_("Values"),
)

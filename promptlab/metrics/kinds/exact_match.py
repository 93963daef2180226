from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.exact_match import ExactMatch
from promptlab.metrics.kinds.kind import MetricKind

EXACT_MATCH = MetricKind(
    ExactMatch,
    _("Exact match"),
    _("Right when the answer is the expected text. Case, punctuation and articles do not count."),
)

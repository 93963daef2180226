from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.token_f1 import TokenF1
from promptlab.metrics.kinds.kind import MetricKind

TOKEN_F1 = MetricKind(
    TokenF1,
    _("Token F1"),
    _("Partly right: the share of words that answer and expected text have in common."),
    group=_("Texts"),
)

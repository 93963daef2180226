from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from promptlab.metrics.kinds.kind import MetricKind

CHOICE_ACCURACY = MetricKind(
    ChoiceAccuracy,
    _("Choice accuracy"),
    _("Right when the answer is the expected choice."),
)

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.numeric import Numeric
from promptlab.metrics.kinds.kind import MetricKind

NUMERIC = MetricKind(
    Numeric,
    _("Numeric"),
    _("Right when the last number of the answer is the expected one, give or take a tolerance."),
    fields={
        "tolerance": forms.FloatField(
            label=_("Tolerance"),
            required=False,
            min_value=0,
            initial=0,
            widget=forms.NumberInput(attrs={"class": "short", "step": "any"}),
            help_text=_("The largest difference that is still right. 0.5: 10 and 10.5 match."),
        )
    },
    detail="± {tolerance}",
)

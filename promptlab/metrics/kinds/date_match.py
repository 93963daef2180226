from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.date_match import DateMatch
from promptlab.metrics.kinds.kind import MetricKind

DATE_MATCH = MetricKind(
    DateMatch,
    _("Date"),
    _("Right when the answer names the expected day, however either is written."),
    fields={
        "tolerance": forms.FloatField(
            label=_("Days off"),
            required=False,
            min_value=0,
            initial=0,
            widget=forms.NumberInput(attrs={"class": "short", "step": "1"}),
            help_text=_("How many days earlier or later is still right."),
        )
    },
    detail="± {tolerance}",
    group=_("Values"),
)

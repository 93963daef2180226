from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.numeric import Decimal, Numeric
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
        ),
        "relative": forms.FloatField(
            label=_("Or, as a share"),
            required=False,
            min_value=0,
            max_value=1,
            initial=0,
            widget=forms.NumberInput(attrs={"class": "short", "step": "any"}),
            help_text=_("Of the expected number. 0.05: five in a hundred off is still right."),
        ),
        "decimal": forms.TypedChoiceField(
            label=_("Decimals stand behind"),
            required=False,
            choices=[
                (Decimal.GUESSED.value, _("a point or a comma, as the number suggests")),
                (Decimal.POINT.value, _("a point: 1,234.5")),
                (Decimal.COMMA.value, _("a comma: 1.234,5")),
            ],
            coerce=Decimal,
            empty_value=Decimal.GUESSED,
            initial=Decimal.GUESSED.value,
        ),
    },
    detail="± {tolerance}",
)

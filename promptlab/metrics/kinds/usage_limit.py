from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.usage_limit import Spent, UsageLimit
from promptlab.metrics.kinds.kind import MetricKind

USAGE_LIMIT = MetricKind(
    UsageLimit,
    _("Cost and latency"),
    _("Whether answering took no more than it may: dollars, seconds or tokens an example."),
    fields={
        "spent": forms.TypedChoiceField(
            label=_("Measured"),
            choices=[
                (Spent.COST.value, _("dollars")),
                (Spent.LATENCY.value, _("seconds of its calls")),
                (Spent.PROMPT_TOKENS.value, _("tokens of its prompts")),
                (Spent.COMPLETION_TOKENS.value, _("tokens of its replies")),
            ],
            coerce=Spent,
            initial=Spent.COST.value,
        ),
        "most": forms.FloatField(
            label=_("At most"),
            min_value=0,
            widget=forms.NumberInput(attrs={"class": "short", "step": "any"}),
            help_text=_("For one example. Twice as much scores a half."),
        ),
    },
    group=_("Rules"),
)

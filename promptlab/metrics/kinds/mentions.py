from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.mentions import Mentions, Wanted
from promptlab.metrics.fields import LinesField
from promptlab.metrics.kinds.kind import MetricKind

MENTIONS = MetricKind(
    Mentions,
    _("Mentions"),
    _("Whether the answer holds certain texts, or none of them."),
    fields={
        "texts": LinesField(
            label=_("Texts"),
            max_length=10_000,
            widget=forms.Textarea({"rows": 4}),
            help_text=_("One a line. Each is found as words, whatever their case."),
        ),
        "wanted": forms.TypedChoiceField(
            label=_("Wanted"),
            choices=[
                (Wanted.ALL.value, _("all of them: the share that is there is the score")),
                (Wanted.ANY.value, _("at least one")),
                (Wanted.NONE.value, _("none of them")),
            ],
            coerce=Wanted,
            initial=Wanted.ALL.value,
        ),
    },
    group=_("Rules"),
)

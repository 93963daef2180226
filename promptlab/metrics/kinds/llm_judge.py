from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.llm_judge import LlmJudge
from promptlab.metrics.kinds.judging import DemosField, LevelsField
from promptlab.metrics.kinds.kind import MetricKind
from promptlab.providers.fields import OwnModelField

TEMPLATE = (
    "Judge how well the answer does what it was asked for.\n"
    "Look at whether it is right, whether it is complete, and whether it says nothing else."
)
LEVELS = (
    "good (1): right and complete\n"
    "fair (0.5): right, but something is missing or superfluous\n"
    "poor (0): wrong, or no answer"
)

LLM_JUDGE = MetricKind(
    LlmJudge,
    _("LLM judge"),
    _("A model says which level of your rubric an answer reaches, and why."),
    fields={
        "model": OwnModelField(
            label=_("Judge model"),
            help_text=_("It is called once for every answer; its calls count in a run."),
        ),
        "rubric": forms.CharField(
            label=_("Rubric"),
            max_length=20_000,
            initial=TEMPLATE,
            widget=forms.Textarea({"rows": 5}),
            help_text=_("What is looked at, as you would tell it to a person."),
        ),
        "levels": LevelsField(label=_("Levels"), initial=LEVELS),
        "demos": DemosField(required=False),
    },
    detail="{model.model}",
    check=lambda metric: metric.own_problems() if isinstance(metric, LlmJudge) else (),
)

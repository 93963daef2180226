from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.evaluation.metric import Metric
from optimizer.core.metrics.answer_length import AnswerLength, Unit
from optimizer.core.problems import Problem, problem
from promptlab.metrics.kinds.kind import MetricKind

SHORT = {"class": "short", "step": "1"}


def ordered(metric: Metric) -> list[Problem]:
    assert isinstance(metric, AnswerLength)
    if metric.most and metric.most < metric.least:
        return [problem("metric.short_of_least", "most", most=metric.most, least=metric.least)]
    return []


ANSWER_LENGTH = MetricKind(
    AnswerLength,
    _("Length"),
    _("Right when the answer is neither too short nor too long."),
    fields={
        "unit": forms.TypedChoiceField(
            label=_("Counted in"),
            choices=[
                (Unit.WORDS.value, _("words; characters where a script has no spaces")),
                (Unit.CHARACTERS.value, _("characters")),
                (Unit.SENTENCES.value, _("sentences")),
                (Unit.LINES.value, _("lines that are not empty")),
                (Unit.ITEMS.value, _("items of a list")),
            ],
            coerce=Unit,
            initial=Unit.WORDS.value,
        ),
        "least": forms.IntegerField(
            label=_("At least"),
            required=False,
            min_value=0,
            initial=0,
            widget=forms.NumberInput(attrs=SHORT),
        ),
        "most": forms.IntegerField(
            label=_("At most"),
            required=False,
            min_value=0,
            initial=0,
            widget=forms.NumberInput(attrs=SHORT),
            help_text=_("0: as long as it likes."),
        ),
    },
    detail="{least}–{most} {unit}",
    check=ordered,
    group=_("Rules"),
)

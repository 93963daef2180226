from __future__ import annotations

import re2
from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.evaluation.metric import Metric
from optimizer.core.metrics.regex import Found, Regex, compiled
from optimizer.core.problems import Problem, problem
from promptlab.metrics.kinds.kind import MetricKind
from promptlab.ui.forms import CodeTextarea


def readable(metric: Metric) -> list[Problem]:
    """What keeps its pattern from being read."""
    assert isinstance(metric, Regex)
    try:
        compiled(metric.pattern)
    except re2.error as error:
        return [problem("metric.bad_pattern", "pattern", why=str(error))]
    return []


REGEX = MetricKind(
    Regex,
    _("Regex"),
    _("Right when a pattern is found in the answer, is all of it, or is nowhere in it."),
    fields={
        "pattern": forms.CharField(
            label=_("Pattern"),
            max_length=2000,
            strip=False,
            widget=CodeTextarea({"rows": 2}),
            help_text=_(
                "A regular expression as RE2 reads it: no look-around and no references back, so "
                "that no pattern can hang. (?i) in front: case does not count; (?s): a point is a "
                "line break, too."
            ),
        ),
        "found": forms.TypedChoiceField(
            label=_("It is right when the pattern"),
            choices=[
                (Found.SOMEWHERE.value, _("is found somewhere")),
                (Found.WHOLE.value, _("is the whole answer")),
                (Found.NOWHERE.value, _("is found nowhere")),
            ],
            coerce=Found,
            initial=Found.SOMEWHERE.value,
        ),
    },
    check=readable,
    group=_("Rules"),
)

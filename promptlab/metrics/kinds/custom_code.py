from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.custom_code import ARGUMENTS, FUNCTION, CustomCode
from optimizer.sandbox.jail import SOURCE, jail
from optimizer.sentences import sentence
from promptlab.metrics.kinds.kind import MetricKind

EXAMPLE = """\
def metric(example, prediction, trace):
    expected = str(example["answer"]).strip().lower()
    given = str(prediction["answer"]).strip().lower()
    return given == expected, f"expected {expected}"
"""


class SourceField(forms.CharField):
    """Python source of the function, tried in the sandbox before it is kept."""

    def clean(self, value: object) -> str:
        source: str = super().clean(value)
        faults = jail().check(source, FUNCTION, ARGUMENTS)
        if faults:
            raise forms.ValidationError([sentence(fault) for fault in faults])
        return source


CUSTOM_CODE = MetricKind(
    CustomCode,
    _("Custom code"),
    _("A function of your own in Python judges the answer. It runs in a sandbox."),
    fields={
        "source": SourceField(
            label=_("Source"),
            max_length=SOURCE,
            strip=False,
            initial=EXAMPLE,
            widget=forms.Textarea(
                attrs={"rows": 14, "class": "code", "spellcheck": "false", "autocapitalize": "off"}
            ),
            help_text=_(
                "It is given the example’s columns, the program’s outputs and every call of a "
                "module. Return True or False, a number from 0 to 1, (number, reason), or parts "
                "with such numbers. At most one second and 64 MB of memory."
            ),
        )
    },
)

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.normalisations import Normalisation
from promptlab.metrics.kinds.kind import MetricKind


class _Strict(forms.TypedMultipleChoiceField):
    """A tuple of differences; as JSON has them in its initial value."""

    def clean(self, value: object) -> tuple[Normalisation, ...]:
        found: list[Normalisation] = super().clean(list(value or ()))  # type: ignore[call-overload]
        return tuple(found)


EXACT_MATCH = MetricKind(
    ExactMatch,
    _("Exact match"),
    _("Right when the answer is the expected text. Case, punctuation and articles do not count."),
    folds=True,
    fields={
        "strict": _Strict(
            label=_("What counts all the same"),
            required=False,
            coerce=Normalisation,
            widget=forms.CheckboxSelectMultiple,
            choices=[
                (Normalisation.CASE.value, _("capital and small letters")),
                (Normalisation.SPACE.value, _("spaces and line breaks")),
                (Normalisation.PUNCTUATION.value, _("punctuation")),
                (Normalisation.ARTICLES.value, _("a, an, the")),
                (Normalisation.WIDTH.value, _("width of characters (Unicode NFKC)")),
                (Normalisation.NUMBERS.value, _("the spelling of numbers: 1,000.0 and 1000")),
            ],
            help_text=_("Nothing: texts that people would call the same are the same."),
        ),
        "separator": forms.CharField(
            label=_("Between several right answers"),
            required=False,
            max_length=5,
            strip=False,
            widget=forms.TextInput(attrs={"class": "short"}),
            help_text=_("A mark such as | where one cell holds several. A list needs none."),
        ),
    },
)

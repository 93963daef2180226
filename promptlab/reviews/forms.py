"""The form of a decision."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from promptlab.reviews.models import Review
from promptlab.reviews.services import MOST_NOTE


class DecisionForm(forms.Form):
    """`seen` is the newest review of the candidate when the page was shown, 0 for none."""

    decision = forms.ChoiceField(choices=Review.Decision.choices, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=MOST_NOTE,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Kept with the decision. Needed to reject or to request changes."),
    )
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

"""The form of moving a label."""

from __future__ import annotations

from django import forms

from promptlab.reviews.models import Label


class LabelForm(forms.Form):
    """`replacing` is the number of the version that the reader saw the label at, empty for none."""

    label = forms.ChoiceField(choices=[(name, name) for name in Label.MOVABLE])
    replacing = forms.IntegerField(min_value=1, required=False)

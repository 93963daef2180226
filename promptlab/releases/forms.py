"""The form of moving a label."""

from __future__ import annotations

from django import forms


class LabelForm(forms.Form):
    """`replacing` is the number of the version that the reader saw the label at, empty for none."""

    label = forms.CharField(max_length=40)
    replacing = forms.IntegerField(min_value=1, required=False)

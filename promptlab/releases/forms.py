"""The forms of moving a label, and of a page for people outside."""

from __future__ import annotations

from django import forms

from promptlab.reviews import labels


class LabelForm(forms.Form):
    """`replacing` is the number of the version that the reader saw the label at, empty for none;
    `model`: the label is for calls of this one.
    """

    label = forms.CharField(max_length=130)
    model = forms.CharField(max_length=200, required=False)
    replacing = forms.IntegerField(min_value=1, required=False)

    @property
    def name(self) -> str:
        data = self.cleaned_data
        return labels.for_model(data["label"], data["model"]) if data["model"] else data["label"]


class PublicPageForm(forms.Form):
    """What people outside see besides the figures."""

    prompts = forms.BooleanField(required=False)
    demos = forms.BooleanField(required=False)

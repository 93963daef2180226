"""The form of a decision."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from promptlab.reviews.models import Review
from promptlab.reviews.rules import MOST_NOTE


class NoteField(forms.CharField):
    """`needed`: it may not stay empty, whatever is decided; what decides says so in its words."""

    needed = False


class DecisionForm(forms.Form):
    """`seen` is the newest review of the candidate when the page was shown, 0 for none."""

    decision = forms.ChoiceField(choices=Review.Decision.choices, widget=forms.HiddenInput)
    note = NoteField(
        label=_("Note"),
        required=False,
        max_length=MOST_NOTE,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Kept with the decision. Needed to reject or to request changes."),
    )
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, always: bool = False, **options: Any) -> None:
        """`always`: the note is needed to approve, too."""
        super().__init__(*args, **options)
        if always:
            note = self.fields["note"]
            assert isinstance(note, NoteField)
            note.needed = True
            note.help_text = _(
                "Kept with the decision and with the version. Needed for every decision here, as "
                "the run recommends to keep the original prompt."
            )
            note.widget.attrs["aria-required"] = "true"

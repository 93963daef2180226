"""The form of a decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from promptlab.accounts.models import User
from promptlab.reviews.models import Point, Review
from promptlab.reviews.rules import MOST_NOTE


class NoteField(forms.CharField):
    """`needed`: it may not stay empty, whatever is decided; what decides says so in its words."""

    needed = False


class DecisionForm(forms.Form):
    """`seen` is the newest review of the candidate when the page was shown, 0 for none; `packet`
    the number of the packet that it showed.
    """

    decision = forms.ChoiceField(choices=Review.Decision.choices, widget=forms.HiddenInput)
    note = NoteField(
        label=_("Note"),
        required=False,
        max_length=MOST_NOTE,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Kept with the decision. Needed to reject or to request changes."),
    )
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    packet = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)

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


class SendForm(forms.Form):
    """What goes along with the evidence. `people` may be asked; `answers`: to a request."""

    asked = forms.ModelChoiceField(
        User.objects.none(), label=_("Who shall decide"), required=False,
        empty_label=_("Any reviewer"),
    )  # fmt: skip
    note = NoteField(
        label=_("What they should know"), required=False, max_length=MOST_NOTE,
        widget=forms.Textarea({"rows": 3}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, people: Sequence[User], answers: Review | None) -> None:
        super().__init__(
            data, auto_id="id_send_%s", initial={"asked": answers.by_id if answers else None}
        )
        asked = self.fields["asked"]
        assert isinstance(asked, forms.ModelChoiceField)
        asked.queryset = User.objects.filter(pk__in=[person.pk for person in people])
        if answers is not None:
            note = self.fields["note"]
            assert isinstance(note, NoteField)
            note.needed, note.label = True, _("Your answer")
            note.help_text = _("What was done about the request for changes.")
            note.widget.attrs["aria-required"] = "true"


class LookForm(forms.Form):
    """What somebody has looked at."""

    kind = forms.ChoiceField(choices=Point.Kind.choices)
    name = forms.CharField(max_length=200)


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=MOST_NOTE, required=False)


class CommentForm(forms.Form):
    """`module` and `line`: where; who is named in the text is told."""

    module = forms.CharField(max_length=200)
    line = forms.IntegerField(min_value=1)
    text = forms.CharField(max_length=MOST_NOTE, required=False)

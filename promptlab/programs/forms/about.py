"""A program's name and what it is for."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from promptlab.accounts.models import User
from promptlab.programs import services
from promptlab.programs.models import Program
from promptlab.ui.forms import NameField, Unnamed


class AboutForm(forms.Form):
    revision = forms.IntegerField(widget=Unnamed)
    name = NameField(label=gettext_lazy("Name"))
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "What the program is for. The model that writes instructions reads it."
        ),
    )

    def __init__(self, program: Program, data: QueryDict | None = None) -> None:
        initial = {
            "revision": program.revision,
            "name": program.name,
            "description": program.core.description,
        }
        super().__init__(data, initial=initial)
        self.program = program

    def save(self, by: User) -> None:
        """Raises Conflict for a taken name, services.SavedMeanwhile for an old revision."""
        cleaned = self.cleaned_data
        services.describe(
            self.program, cleaned["name"], cleaned["description"], cleaned["revision"], by
        )

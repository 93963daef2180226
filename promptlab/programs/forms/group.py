"""What a group of steps is called."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.programs.calls import LONGEST_GROUP
from optimizer.core.programs.program import Program
from promptlab.programs import edits
from promptlab.ui.forms import NameField, Unnamed

UNGROUP = "ungroup"
"""The button that lets the steps stand by themselves."""


class GroupForm(forms.Form):
    revision = forms.IntegerField(widget=Unnamed)
    name = NameField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("For people: it changes nothing of what the steps do."),
    )

    def __init__(
        self, program: Program, group: str, revision: int, data: QueryDict | None = None
    ) -> None:
        super().__init__(data, initial={"revision": revision, "name": group})
        self.program, self.group = program, group
        self.ungroups = data is not None and UNGROUP in data
        self.fields["name"].required = not self.ungroups

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if len(name) > LONGEST_GROUP:
            raise forms.ValidationError(_("At most %d characters.") % LONGEST_GROUP)
        if name != self.group and name in {call.group for call in self.program.calls}:
            raise forms.ValidationError(_("Another group has this name: choose another."))
        return name

    @property
    def changed_program(self) -> Program:
        name = "" if self.ungroups else self.cleaned_data["name"]
        return edits.rename_group(self.program, self.group, name)

"""Rows of typed fields: inputs and outputs of a module, and inputs of a program."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.programs.signature import Field, FieldType
from optimizer.sentences import sentence
from promptlab.programs.rows import RowForm, Rows

TYPES = {
    FieldType.TEXT: gettext_lazy("text"),
    FieldType.CHOICE: gettext_lazy("choice"),
    FieldType.INTEGER: gettext_lazy("integer"),
    FieldType.NUMBER: gettext_lazy("number"),
    FieldType.BOOLEAN: gettext_lazy("boolean"),
    FieldType.LIST: gettext_lazy("list of texts"),
}


class FieldForm(RowForm):
    """One field. `was` is the name it had when the page was opened, so that wires can follow it."""

    beside = ("was", "type", "nullable")

    was = forms.CharField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=64,
        widget=forms.TextInput(
            attrs={"class": "mono", "data-field-name": "", "autocomplete": "off"}
        ),
    )
    type = forms.ChoiceField(
        label=gettext_lazy("Type"),
        choices=[(kind.value, label) for kind, label in TYPES.items()],
        initial=FieldType.TEXT.value,
    )
    description = forms.CharField(
        label=gettext_lazy("Description for the model"), required=False, max_length=500
    )
    choices = forms.CharField(
        label=gettext_lazy("Choices, one a line"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono"}),
    )
    nullable = forms.BooleanField(label=gettext_lazy("There may be none: null"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "name" in cleaned and "type" in cleaned:
            for problem in self.field.problems():
                about_choices = problem not in Field(cleaned["name"]).problems()
                self.add_error("choices" if about_choices else "name", sentence(problem))
        return cleaned

    @property
    def field(self) -> Field:
        kind = FieldType(self.cleaned_data["type"])
        lines = (
            self.cleaned_data.get("choices", "").splitlines() if kind is FieldType.CHOICE else ()
        )
        return Field(
            self.cleaned_data["name"],
            kind,
            self.cleaned_data.get("description", ""),
            tuple(line.strip() for line in lines if line.strip()),
            self.cleaned_data.get("nullable", False),
        )


def rows_of(fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    """Fields as the initial values of their rows."""
    return [
        {
            "was": f.name,
            "name": f.name,
            "type": f.type.value,
            "description": f.description,
            "choices": "\n".join(f.choices),
            "nullable": f.nullable,
        }
        for f in fields
    ]


def fields_of(rows: Rows[FieldForm]) -> tuple[Field, ...]:
    return tuple(row.field for row in rows.filled)


def renamed_in(rows: Rows[FieldForm]) -> dict[str, str]:
    """Former name → new name of the rows whose name changed."""
    named = [(row.cleaned_data["was"], row.cleaned_data["name"]) for row in rows.filled]
    return {was: name for was, name in named if was and was != name}


def refuse_twice(*groups: Rows[FieldForm]) -> bool:
    """Put an error beside every name that was used before; whether all names differ."""
    seen: set[str] = set()
    differ = True
    for row in (row for rows in groups for row in rows.filled):
        name = row.cleaned_data.get("name")
        if name in seen:
            row.add_error("name", _("This name is used above: choose another."))
            differ = False
        if name:
            seen.add(name)
    return differ

"""Rows of typed fields: inputs and outputs of a module, and inputs of a program."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.problems import Refused
from optimizer.core.programs.signature import LONGEST_LABEL, Field, FieldType
from optimizer.files.object_fields import fields_in, text_of
from optimizer.sentences import sentence
from promptlab.programs.rows import RowForm, Rows
from promptlab.ui.value_field import plain_lines

TYPES = {
    FieldType.TEXT: gettext_lazy("text"),
    FieldType.CHOICE: gettext_lazy("choice"),
    FieldType.INTEGER: gettext_lazy("integer"),
    FieldType.NUMBER: gettext_lazy("number"),
    FieldType.BOOLEAN: gettext_lazy("boolean"),
    FieldType.LIST: gettext_lazy("list"),
    FieldType.DATE: gettext_lazy("date"),
    FieldType.OBJECT: gettext_lazy("object"),
}
ITEMS = {
    FieldType.TEXT: gettext_lazy("texts"),
    FieldType.CHOICE: gettext_lazy("choices"),
    FieldType.INTEGER: gettext_lazy("integers"),
    FieldType.NUMBER: gettext_lazy("numbers"),
    FieldType.BOOLEAN: gettext_lazy("booleans"),
    FieldType.DATE: gettext_lazy("dates"),
    FieldType.OBJECT: gettext_lazy("objects"),
}


class FieldForm(RowForm):
    """One field. `was` is the name it had when the page was opened, so that wires can follow it."""

    beside = ("was", "type", "items", "nullable")

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
    label = forms.CharField(
        label=gettext_lazy("Label for people"),
        required=False,
        max_length=LONGEST_LABEL,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "placeholder": gettext_lazy("the name, in any letters")}
        ),
    )
    items = forms.ChoiceField(
        label=gettext_lazy("A list of"),
        choices=[(kind.value, label) for kind, label in ITEMS.items()],
        initial=FieldType.TEXT.value,
        required=False,
    )
    parts = forms.CharField(
        label=gettext_lazy("Fields of the object"),
        required=False,
        max_length=50_000,
        help_text=gettext_lazy(
            "One a line, such as “price: number”, “paid: date?” (may be null), “state: open | "
            "closed”, “tags: list of text”. Or paste a JSON schema."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"}),
    )
    nullable = forms.BooleanField(label=gettext_lazy("There may be none: null"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["fields"] = self._parts(cleaned)
        if "name" in cleaned and "type" in cleaned and "parts" in cleaned:
            for problem in self.field.problems():
                if problem in Field(cleaned["name"]).problems():
                    self.add_error("name", sentence(problem))
                else:
                    of_object = self.field.single is FieldType.OBJECT
                    self.add_error("parts" if of_object else "choices", sentence(problem))
        return cleaned

    def _parts(self, cleaned: dict[str, Any]) -> tuple[Field, ...]:
        """The fields of the object that is typed."""
        if FieldType.OBJECT not in (cleaned.get("type"), _items(cleaned)):
            return ()
        try:
            return fields_in(plain_lines(cleaned.get("parts", "")))
        except Refused as refusal:
            self.add_error("parts", sentence(refusal.problems[0]))
            return ()

    @property
    def field(self) -> Field:
        cleaned = self.cleaned_data
        kind, items = FieldType(cleaned["type"]), _items(cleaned)
        chosen = FieldType.CHOICE in (kind, items)
        lines = cleaned.get("choices", "").splitlines() if chosen else ()
        return Field(
            cleaned["name"],
            kind,
            cleaned.get("description", ""),
            tuple(line.strip() for line in lines if line.strip()),
            cleaned.get("nullable", False),
            items,
            cleaned.get("fields", ()),
            cleaned.get("label", ""),
        )


def _items(cleaned: dict[str, Any]) -> FieldType:
    """What a list is of; of what is none, it says nothing."""
    of_list = cleaned.get("type") == FieldType.LIST and cleaned.get("items")
    return FieldType(cleaned["items"]) if of_list else FieldType.TEXT


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
            "label": f.label,
            "items": (f.single if f.type is FieldType.LIST else f.items).value,
            "parts": text_of(f.fields) if f.fields else "",
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

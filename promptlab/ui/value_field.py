"""A typed value as a field of a form: of an example, of a demo, of a row of a dataset."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.programs.signature import Field, FieldType, written
from optimizer.core.programs.values import UnreadableValue

_HINTS = {
    FieldType.LIST: gettext_lazy('JSON: ["first", "second"]'),
    FieldType.OBJECT: gettext_lazy('JSON: {"name": "value"}'),
    FieldType.DATE: gettext_lazy("a date, best as YYYY-MM-DD"),
    FieldType.INTEGER: gettext_lazy("a whole number"),
    FieldType.NUMBER: gettext_lazy("a number"),
}


class ValueField(forms.CharField):
    """A value of a typed field: a text, a choice, or JSON."""

    def __init__(self, field: Field, *, required: bool = False) -> None:
        self.field = field
        super().__init__(
            label=field.shown,
            required=required,
            widget=value_widget(field),
            help_text=_HINTS.get(field.type, ""),
            strip=field.type is not FieldType.TEXT,
        )

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else written(value)

    def to_python(self, value: Any) -> Any:
        text = plain_lines(super().to_python(value) or "")
        if not text:
            return None
        try:
            return self.field.read(text)
        except UnreadableValue as error:
            raise forms.ValidationError(f"{error}.".removeprefix(f"{self.field.name}: ")) from None


def value_widget(field: Field) -> forms.Widget:
    """A select where there are few values, otherwise a text area as high as its text."""
    if field.type is FieldType.CHOICE:
        return forms.Select(choices=[("", "—"), *((c, c) for c in field.choices)])
    if field.type is FieldType.BOOLEAN:
        return forms.Select(choices=[("", "—"), ("true", _("true")), ("false", _("false"))])
    if field.type is FieldType.DATE:
        return forms.TextInput(attrs={"class": "short"})
    if field.type in (FieldType.INTEGER, FieldType.NUMBER):
        return forms.TextInput(attrs={"inputmode": "decimal", "class": "short"})
    return forms.Textarea(attrs={"rows": 2})


def plain_lines(text: str) -> str:
    """Browsers send line breaks as two characters; prompts and files have one."""
    return text.replace("\r\n", "\n")

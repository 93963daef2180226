"""The demos of one module: a row a demo, an input for each field's value."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from optimizer.core.programs.demo import Demo, Demos, fixed_of
from optimizer.core.programs.program import Module
from optimizer.core.programs.signature import Value
from optimizer.sentences import sentence
from promptlab.programs.forms.nearest import NearestForm
from promptlab.programs.models import Program
from promptlab.programs.rows import RowForm, Rows, faults_of, rows_after, wants_change
from promptlab.programs.shown_demos import ShownNearest, saved_nearest
from promptlab.ui.forms import Unnamed
from promptlab.ui.value_field import ValueField


class DemoForm(RowForm):
    """Its value fields are made for a module, by `demo_form_for`."""

    beside = ("augmented",)
    module: Module

    augmented = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            for problem in self.module.demo_problems(self.demo):
                self.add_error(None, _("This demo cannot be shown: %s") % sentence(problem))
        return cleaned

    @property
    def values(self) -> list[forms.BoundField]:
        return [field for field in self if field.name != "augmented"]

    @property
    def nulls(self) -> set[str]:
        """What may be left empty, which says that there is no value."""
        fields = (*self.module.signature.inputs, *self.module.shown_fields)
        return {f.name for f in fields if f.nullable}

    @property
    def demo(self) -> Demo:
        values: dict[str, Value] = {
            name: value
            for name, value in self.cleaned_data.items()
            if name != "augmented" and (value is not None or name in self.nulls)
        }
        return Demo(values, self.cleaned_data["augmented"])


def demo_form_for(module: Module) -> type[DemoForm]:
    """The form of one demo of this module."""
    fields = (*module.signature.inputs, *module.shown_fields)
    made = {f.name: ValueField(f) for f in fields}
    return type("ModuleDemoForm", (DemoForm,), {**made, "module": module})


LOOK = "look"
"""The button that asks what is typed comes to."""


class DemosForm(forms.Form):
    """All demos of a module, and whether others are chosen for each input."""

    revision = forms.IntegerField(widget=Unnamed)

    def __init__(
        self, program: Program, module: Module, revision: int, data: QueryDict | None = None
    ) -> None:
        self.redrawn = data is not None and (wants_change(data) or LOOK in data)
        bound = None if self.redrawn else data
        super().__init__(bound, initial={"revision": revision})
        kind = demo_form_for(module)
        if data is not None and self.redrawn:
            self.initial = {"revision": data.get("revision")}
            self.rows = rows_after(kind, "demos", data)
        else:
            initial = [
                {**demo.values, "augmented": demo.augmented} for demo in fixed_of(module.demos)
            ]
            self.rows = Rows(kind, "demos", data, initial=initial)
        asked = data is not None and LOOK in data
        self.nearest = NearestForm(program, module, data, self.redrawn and not asked)
        self.look: ShownNearest | None = None
        """What the choice comes to: as it is saved, or as it is typed where somebody asked."""
        if asked:
            self.look = self.nearest.look
        elif data is None:
            self.look = saved_nearest(program, module)

    def is_valid(self) -> bool:
        sound = [super().is_valid(), self.rows.is_valid(), self.nearest.is_valid()]
        return all(sound)

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        return faults_of(self, self.nearest, *self.rows.filled)

    @property
    def demos(self) -> Demos:
        return self.nearest.demos(tuple(row.demo for row in self.rows.filled))

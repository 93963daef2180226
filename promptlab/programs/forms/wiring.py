"""Forms of calls and of the program's own ends: where every value comes from."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.programs.calls import INPUT, Call, fits
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, Value
from optimizer.core.programs.values import UnreadableValue
from promptlab.programs import edits
from promptlab.programs.forms.fields import (
    FieldForm,
    fields_of,
    refuse_twice,
    renamed_in,
    rows_of,
)
from promptlab.programs.forms.flow import FlowForm
from promptlab.programs.rows import RowForm, Rows, faults_of, rows_after, wants_change
from promptlab.programs.wires import (
    Misfit,
    Source,
    output_sources,
    outputs_in_order,
    sources_for,
)
from promptlab.ui.forms import Unnamed, refuse_name

Options = list[tuple[str, Any]]
_FIXED = "fixed-"
_EMPTY = '""'


class ConnectForm(forms.Form):
    """Where each input of a call comes from: a select that lists only what fits."""

    revision = forms.IntegerField(widget=Unnamed)

    def __init__(
        self, program: Program, call: Call, revision: int, data: QueryDict | None = None
    ) -> None:
        super().__init__(data, initial={"revision": revision}, prefix=None)
        self.program, self.call = program, call
        module = next((m for m in program.modules if m.name == call.module), None)
        self.wanted = module.signature.inputs if module else ()
        for wanted in self.wanted:
            self.fields[f"from-{wanted.name}"] = self._field(wanted)

    def _field(self, wanted: Field) -> forms.ChoiceField:
        current = self.call.inputs.get(wanted.name, "")
        sources = sources_for(self.program, self.call.name, wanted)
        return SourceField(
            label=wanted.name,
            required=False,
            initial=current,
            choices=_options(
                self.program, [s for s in sources if s.misfit is Misfit.NONE], current
            ),
            misfits={s.name: s for s in sources if s.misfit},
            wanted=wanted,
            # Several of these forms stand on one page.
            widget=forms.Select(attrs={"id": f"{self.call.name}-{wanted.name}"}),
        )

    @property
    def rows(self) -> list[tuple[Field, forms.BoundField, str]]:
        """Each input with its select, and what is wrong with the present connection."""
        return [
            (wanted, self[f"from-{wanted.name}"], self._trouble(wanted)) for wanted in self.wanted
        ]

    def _trouble(self, wanted: Field) -> str:
        current = self.call.inputs.get(wanted.name, "")
        if self.is_bound or wanted.name in self.call.constants:
            return ""
        if not current:
            return _("Not connected: choose where it comes from.")
        given = self.program.source_field(current)
        if given is None:
            return _("%s does not exist any more: choose another source.") % current
        if not fits(given, wanted):
            return _("It takes %(wanted)s, but %(source)s gives %(given)s.") % {
                "wanted": wanted.type,
                "source": current,
                "given": given.type,
            }
        return ""

    @property
    def wires(self) -> dict[str, str]:
        return {f.name: self.cleaned_data[f"from-{f.name}"] for f in self.wanted}

    @property
    def changed_program(self) -> Program:
        return edits.connect(self.program, self.call.name, self.wires)


class SourceField(forms.ChoiceField):
    """A source; one that exists but does not fit is refused with its reason."""

    def __init__(self, *, misfits: dict[str, Source], wanted: Field, **options: Any) -> None:
        super().__init__(**options)
        self.misfits, self.wanted = misfits, wanted

    def validate(self, value: str) -> None:
        if value == self.initial:
            return  # a draft may keep a connection that does not fit, and say so
        misfit = self.misfits.get(value)
        if misfit is not None and misfit.misfit is Misfit.CIRCLE:
            raise forms.ValidationError(
                _("%s needs this call itself: that would make a circle.") % value
            )
        if misfit is not None:
            raise forms.ValidationError(
                _("It takes %(wanted)s, but %(source)s gives %(given)s.")
                % {"wanted": self.wanted.type, "source": value, "given": misfit.field.type}
            )
        super().validate(value)


class CallForm(ConnectForm):
    """A call's name and module, its connections and constants, when it is made and how often."""

    name = forms.CharField(
        label=gettext_lazy("Name of this call"),
        max_length=64,
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
        help_text=gettext_lazy("Other calls and the program's outputs refer to it."),
    )
    module = forms.ChoiceField(
        label=gettext_lazy("Module"),
        help_text=gettext_lazy("Calls of one module share its instruction and demos."),
    )

    def __init__(
        self, program: Program, call: Call, revision: int, data: QueryDict | None = None
    ) -> None:
        super().__init__(program, call, revision, data)
        self.flow = FlowForm(program, call, data)
        self.initial = {**self.initial, "name": call.name, "module": call.module}
        for wanted in self.wanted:
            self.fields[f"{_FIXED}{wanted.name}"] = _constant_field(wanted, call)
        names = [m.name for m in program.modules]
        if call.module not in names:
            names.insert(0, call.module)
        self.fields["module"].choices = [(n, n) for n in names]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        refuse_name(name, "name.call")
        if name == INPUT:
            raise forms.ValidationError(_("“input” stands for the program's own input."))
        if name != self.call.name and name in {c.name for c in self.program.calls}:
            raise forms.ValidationError(_("Another call is called “%s”.") % name)
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        self.constants: dict[str, Value] = {}
        for wanted in self.wanted:
            typed = cleaned.get(f"{_FIXED}{wanted.name}")
            if not typed:
                continue
            if cleaned.get(f"from-{wanted.name}"):
                told = _("“%s” is connected: leave one of the two empty.") % wanted.name
                self.add_error(f"{_FIXED}{wanted.name}", told)
                continue
            try:
                self.constants[wanted.name] = _constant(wanted, typed)
            except UnreadableValue as error:
                self.add_error(f"{_FIXED}{wanted.name}", str(error))
        return cleaned

    def is_valid(self) -> bool:
        # Not `and`: every fault is to be shown at once.
        sound = [super().is_valid(), self.flow.is_valid()]
        if all(sound):
            self.flow.tell(self._with_flow(self.program).problems())
        return all(sound) and self.flow.is_valid()

    def as_it_stands(self, posted: QueryDict) -> QueryDict:
        """What a browser would send of the whole call, with these connections: an input that is
        connected is no constant any more.
        """
        data = QueryDict(mutable=True)
        for field in (*self, *self.flow):
            data[field.html_name] = "" if field.value() is None else str(field.value())
        for name in posted:
            data[name] = str(posted[name])
        for wanted in self.wanted:
            if posted.get(f"from-{wanted.name}"):
                data[f"{_FIXED}{wanted.name}"] = ""
        return data

    @property
    def inputs(self) -> list[tuple[Field, forms.BoundField, str, forms.BoundField]]:
        """Each input with its select, what is wrong with it, and its constant."""
        return [(*row, self[f"{_FIXED}{row[0].name}"]) for row in self.rows]

    def _with_flow(self, program: Program) -> Program:
        return edits.flow(program, self.call.name, self.constants, self.flow.when, self.flow.repeat)

    @property
    def changed_program(self) -> Program:
        old, new = self.call.name, self.cleaned_data["name"]
        program = self._with_flow(edits.connect(self.program, old, self.wires))
        if self.cleaned_data["module"] != self.call.module:
            program = edits.call_other_module(program, old, self.cleaned_data["module"])
        return edits.rename_call(program, old, new) if new != old else program


def _constant_field(wanted: Field, call: Call) -> forms.CharField:
    told = None
    if wanted.name in call.constants:
        told = wanted.written(call.constants[wanted.name]) or _EMPTY
    widget = forms.Textarea if told and "\n" in told else forms.TextInput
    rows = {"rows": 3} if widget is forms.Textarea else {}
    return forms.CharField(
        label=_("or the constant"),
        required=False,
        strip=False,
        initial=told,
        help_text=_("Two quotation marks stand for an empty text."),
        widget=widget(attrs={"class": "mono", "autocomplete": "off", **rows}),
    )


def _constant(wanted: Field, typed: str) -> Value:
    """What was typed, as a value of the input.

    Raises:
        UnreadableValue: it is none.
    """
    return wanted.read("" if typed == _EMPTY else typed.replace("\r\n", "\n"))


class InputsForm(forms.Form):
    """What the program takes: rows of fields."""

    revision = forms.IntegerField(widget=Unnamed)

    def __init__(self, program: Program, revision: int, data: QueryDict | None = None) -> None:
        self.program = program
        self.redrawn = data is not None and wants_change(data)
        bound = None if self.redrawn else data
        super().__init__(bound, initial={"revision": revision})
        if data is not None and self.redrawn:
            self.initial = {"revision": data.get("revision")}
            self.rows = rows_after(FieldForm, "inputs", data)
        else:
            self.rows = Rows(FieldForm, "inputs", data, initial=rows_of(program.inputs) or [{}])

    def is_valid(self) -> bool:
        sound = [super().is_valid(), self.rows.is_valid()]
        return all(sound) and refuse_twice(self.rows)

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        return faults_of(self, *self.rows.filled)

    @property
    def changed_program(self) -> Program:
        return edits.change_inputs(self.program, fields_of(self.rows), renamed_in(self.rows))


class OutputForm(RowForm):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=64,
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )
    source = forms.CharField(label=gettext_lazy("Comes from"), widget=forms.Select)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        refuse_name(name, "name.output")
        return name


class OutputsForm(forms.Form):
    """What the program gives: rows of names and calls' outputs."""

    revision = forms.IntegerField(widget=Unnamed)

    def __init__(self, program: Program, revision: int, data: QueryDict | None = None) -> None:
        self.program = program
        self.redrawn = data is not None and wants_change(data)
        bound = None if self.redrawn else data
        super().__init__(bound, initial={"revision": revision})
        if data is not None and self.redrawn:
            self.initial = {"revision": data.get("revision")}
            self.rows = rows_after(OutputForm, "outputs", data)
        else:
            initial = [{"name": n, "source": s} for n, s in outputs_in_order(program)]
            self.rows = Rows(OutputForm, "outputs", data, initial=initial or [{}])
        for row in self.rows:
            options = _options(program, output_sources(program), str(row["source"].value() or ""))
            row.fields["source"].widget.choices = options

    def is_valid(self) -> bool:
        sound = [super().is_valid(), self.rows.is_valid()]
        return all(sound) and self._names_differ()

    def _names_differ(self) -> bool:
        seen: set[str] = set()
        for row in self.rows.filled:
            if row.cleaned_data["name"] in seen:
                row.add_error("name", _("This name is used above: choose another."))
            seen.add(row.cleaned_data["name"])
        return all(row.is_valid() for row in self.rows.filled)

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        return faults_of(self, *self.rows.filled)

    @property
    def changed_program(self) -> Program:
        outputs = {r.cleaned_data["name"]: r.cleaned_data["source"] for r in self.rows.filled}
        return edits.change_outputs(self.program, outputs)


def _options(program: Program, sources: list[Source], current: str) -> Options:
    """Options in groups. The present source stays among them, so that looking changes nothing."""
    own = [s for s in sources if s.name.startswith(f"{INPUT}.")]
    given = [s for s in sources if s not in own]
    options: Options = [("", _("Not connected"))]
    if current and current not in {s.name for s in sources}:
        gone = program.source_field(current) is None
        text = _("%s (does not exist)") if gone else _("%s (does not fit)")
        options.append((current, text % current))
    for label, group in ((_("Inputs of the program"), own), (_("Outputs of calls"), given)):
        if group:
            options.append((label, [(s.name, f"{s.name} · {s.field.type}") for s in group]))
    return options

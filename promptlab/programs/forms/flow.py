"""When a call is made and how often: the part of its form that most calls leave empty."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.problems import Problem
from optimizer.core.programs.calls import Call, Repeat, When, of_call
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType
from optimizer.core.programs.wiring import DECIDING, MOST_PASSES
from optimizer.sentences import sentence
from promptlab.programs.wires import Misfit, sources_for
from promptlab.ui.value_field import plain_lines

_ALWAYS = gettext_lazy("Always")
_ONCE = gettext_lazy("Not repeated")
_FROM = "feed-"
TRUTHS = ("true", "false")


class FlowForm(forms.Form):
    """Condition and repetition of `call`. A field is there only where it can be used."""

    when_source = forms.ChoiceField(label=gettext_lazy("It is made"), required=False)
    when_values = forms.CharField(
        label=gettext_lazy("where that is"),
        required=False,
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "One value a line: any of them. A call that is not made costs nothing, its outputs are "
            "null, and what needs them is not made either."
        ),
    )
    repeat_times = forms.IntegerField(
        label=gettext_lazy("Passes, at most"),
        required=False,
        min_value=2,
        max_value=MOST_PASSES,
        help_text=gettext_lazy("Each pass is asked, and paid, anew."),
    )
    repeat_until = forms.ChoiceField(label=gettext_lazy("until this is true"), required=False)

    def __init__(self, program: Program, call: Call, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.program, self.flow_of = program, call
        self.initial = {**_initial(call), **self.initial}
        _choose(self, "when_source", _deciding(program, call), _ALWAYS)
        module = next((m for m in program.modules if m.name == call.module), None)
        outputs = module.gives if module else ()
        done = [f.name for f in outputs if f.type is FieldType.BOOLEAN]
        _choose(self, "repeat_until", done, _ONCE)
        if not done and call.repeat is None:
            del self.fields["repeat_times"], self.fields["repeat_until"]
            return
        for wanted in module.signature.inputs if module else ():
            label = _("Next pass: “%(name)s” is") % {"name": wanted.name}
            self.fields[f"{_FROM}{wanted.name}"] = forms.ChoiceField(label=label, required=False)
            _choose(self, f"{_FROM}{wanted.name}", [f.name for f in outputs], _("as at first"))

    @property
    def condition(self) -> list[forms.BoundField]:
        return [self["when_source"], self["when_values"]]

    @property
    def repetition(self) -> list[forms.BoundField]:
        return [self[n] for n in self.fields if n.startswith(("repeat_", _FROM))]

    @property
    def when(self) -> When | None:
        source = self.cleaned_data.get("when_source")
        if not source:
            return None
        lines = plain_lines(self.cleaned_data.get("when_values", "")).split("\n")
        found = self.program.source_field(source)
        known = found.choices if found and found.choices else TRUTHS
        values = (_as_known(line, known) for line in lines if line.strip())
        return When(source, tuple(dict.fromkeys(values)))

    @property
    def repeat(self) -> Repeat | None:
        times, until = (self.cleaned_data.get(f"repeat_{n}") for n in ("times", "until"))
        fed = {n.removeprefix(_FROM): v for n, v in self.cleaned_data.items() if n[:5] == _FROM}
        if not times and not until:
            return None
        feeds = {name: output for name, output in fed.items() if output}
        return Repeat(times or 0, until or "", feeds)

    def tell(self, found: list[Problem]) -> None:
        """Take the problems of the changed call that its condition and repetition have."""
        fields = {"when": "when_source", "repeat": "repeat_times"}
        for problem in found:
            kind = problem.code.partition(".")[0]
            field = "when_values" if "value" in problem.code else fields.get(kind)
            if problem.place == of_call(self.flow_of.name) and kind in fields and field:
                self.add_error(field if field in self.fields else None, sentence(problem))


def _as_known(line: str, known: Collection[str]) -> str:
    """A value as it was typed: space around it counts, but where only without it is it known."""
    return line.strip() if line not in known and line.strip() in known else line


def _deciding(program: Program, call: Call) -> list[str]:
    anything = Field("any")
    return [
        source.name
        for source in sources_for(program, call.name, anything)
        if source.field.type in DECIDING and source.misfit is not Misfit.CIRCLE
    ]


def _choose(form: forms.Form, name: str, values: list[str], nothing: Any) -> None:
    present = str(form.initial.get(name) or "")
    known = values if not present or present in values else [present, *values]
    options = [("", nothing), *((value, value) for value in known)]
    form.fields[name].choices = options  # type: ignore[attr-defined]


def _initial(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if call.when:
        found |= {"when_source": call.when.source, "when_values": "\n".join(call.when.values)}
    if call.repeat:
        found |= {"repeat_times": call.repeat.times, "repeat_until": call.repeat.until}
        found |= {f"{_FROM}{name}": output for name, output in call.repeat.feeds.items()}
    return found

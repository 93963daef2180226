"""The playground's form: columns of prompts, rows to try them on, a metric and a cap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.metric import Metric
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Field, FieldType, Value
from promptlab.accounts.models import Project
from promptlab.datasets.queries import as_example
from promptlab.programs.rows import faults_of
from promptlab.providers.queries import ModelChoice, model_choices
from promptlab.runs.comparing.examples import inputs_line
from promptlab.runs.evaluating.editing import EditForm
from promptlab.runs.playing import typed
from promptlab.runs.playing.bases import Base, Choices, base_of, choices_of, default_model
from promptlab.ui.parameters import number_in
from promptlab.ui.value_field import ValueField

MICRO = 1_000_000


class ColumnForm(forms.Form):
    """One column: what it begins with, its model, and its prompts as they are wished (`edit`)."""

    what = forms.ChoiceField(label=gettext_lazy("Prompts"))
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    """What the prompts below were drawn of."""
    model = forms.ChoiceField(label=gettext_lazy("Model"))

    def __init__(
        self, state: QueryDict, place: int, base: Base | None, choices: Choices,
        models: list[ModelChoice], quiet: bool,
    ) -> None:  # fmt: skip
        super().__init__(**_begun(state, f"c{place}", quiet))
        self.place, self.base, self.state = place, base, state
        self.models = {choice.value: choice.ref() for choice in models}
        self.fields["what"].choices = choices  # type: ignore[attr-defined]
        self.fields["model"].choices = [(m.value, m.label) for m in models]  # type: ignore[attr-defined]

    @cached_property
    def edit(self) -> EditForm | None:
        """Bound, and drawn anew where a button of its rows was pressed."""
        if self.base is None:
            return None
        start = f"c{self.place}-"
        return EditForm(self.base.program, self.base.before, self.state, start=start)

    def is_valid(self) -> bool:
        sound = super().is_valid()
        return sound and self.edit is not None and self.edit.is_valid()

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        named = _("Column %(n)s") % {"n": self.place + 1}
        found = faults_of(self) + (self.edit.faults if self.edit else [])
        return [(id, f"{named}: {label}" if label else named, told) for id, label, told in found]

    @property
    def model_ref(self) -> ModelRef:
        return self.models[self.cleaned_data["model"]]

    @property
    def candidate(self) -> Candidate:
        assert self.edit is not None
        return self.edit.candidate

    @property
    def is_edited(self) -> bool:
        return self.base is not None and self.candidate != self.base.before

    @property
    def name(self) -> str:
        return self.base.label if self.base else ""


class RowForm(forms.Form):
    """One row: of a dataset, by its key, or typed, with what is expected where a metric asks."""

    key = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, state: QueryDict, place: int, given: Example | None, inputs: list[Field],
        wanted: list[Field], quiet: bool,
    ) -> None:  # fmt: skip
        super().__init__(**_begun(state, f"r{place}", quiet))
        self.place, self.given = place, given
        self.wanted = wanted
        if self.is_typed:
            for field in inputs:
                needed = not (field.nullable or field.type is FieldType.LIST)
                self.fields[f"in-{field.name}"] = ValueField(field, required=needed)
            for field in wanted:
                made = ValueField(field)
                made.label = _("Expected %(name)s") % {"name": made.label}
                self.fields[f"want-{field.name}"] = made

    @property
    def is_typed(self) -> bool:
        return not self["key"].value()

    @property
    def value_fields(self) -> list[forms.BoundField]:
        return [field for field in self if not field.is_hidden]

    @property
    def line(self) -> str:
        return inputs_line(self.given, 240)

    @property
    def dataset(self) -> int | None:
        return number_in(str(self["key"].value() or "").partition(":")[0])

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        named = _("Row %(n)s") % {"n": self.place + 1}
        return [
            (id, f"{named}: {label}" if label else named, told)
            for id, label, told in faults_of(self)
        ]

    @property
    def example(self) -> Example:
        if self.given is not None:
            return self.given
        inputs: dict[str, Value] = {}
        for name, field in self.fields.items():
            if isinstance(field, ValueField) and name.startswith("in-"):
                value, of = self.cleaned_data[name], field.field
                is_list = of.type is FieldType.LIST and not of.nullable
                inputs[of.name] = [] if value is None and is_list else value
        said = {f.name: self.cleaned_data.get(f"want-{f.name}") for f in self.wanted}
        expected = {name: value for name, value in said.items() if value is not None}
        return Example(f"typed-{self.place + 1}", inputs, expected)


class OptionsForm(forms.Form):
    """What holds for all columns."""

    metric = forms.ModelChoiceField(
        label=gettext_lazy("Metric"), queryset=Project.objects.none(), required=False,
        empty_label=gettext_lazy("None: show the answers only"),
    )  # fmt: skip
    max_cost = forms.DecimalField(
        label=gettext_lazy("At most dollars"), min_value=0, max_value=100_000, decimal_places=6,
        required=False, widget=forms.NumberInput({"class": "short", "min": 0, "step": "any"}),
        help_text=gettext_lazy(
            "For all columns together. Empty: what they take at most, and a fifth to spare."
        ),
    )  # fmt: skip

    def __init__(self, project: Project, state: QueryDict, quiet: bool) -> None:
        super().__init__(**_begun(state, "", quiet))
        self.fields["metric"].queryset = project.metrics.all()  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Wanted:
    """One column as it is wished."""

    place: int
    name: str
    base: Base
    candidate: Candidate
    model: ModelRef
    edited: bool


class PlayForm:
    """All of it, of one `state`. A column whose prompts were not drawn yet is filled in there.
    `quiet`: it is drawn, and nothing is checked.
    """

    def __init__(self, project: Project, state: QueryDict, quiet: bool = False) -> None:
        self.project, self.state, self.quiet = project, state, quiet
        self.options = OptionsForm(project, state, quiet)
        self.models = model_choices(project)
        offered = [model.value for model in self.models]
        bases: list[Base | None] = []
        for place in range(typed.count(state, "columns")):
            base = base_of(project, state.get(f"c{place}-what", ""))
            bases.append(base)
            if base is not None:
                _fill(project, state, place, base, offered)
        self.choices = choices_of(project, [base for base in bases if base])
        self.columns = [
            ColumnForm(state, place, base, self.choices, self.models, quiet)
            for place, base in enumerate(bases)
        ]
        self.rows = [self._row(place) for place in range(typed.count(state, "rows"))]

    def _row(self, place: int) -> RowForm:
        given = row_named(self.project, self.state.get(f"r{place}-key", ""))
        return RowForm(self.state, place, given, self.inputs, self.wanted, self.quiet)

    @cached_property
    def inputs(self) -> list[Field]:
        """What the columns' programs take, each once."""
        found: dict[str, Field] = {}
        for column in self.columns:
            for field in column.base.program.inputs if column.base else ():
                found.setdefault(field.name, field)
        return list(found.values())

    @cached_property
    def wanted(self) -> list[Field]:
        """What the metric compares answers with, each column once."""
        metric = self.metric
        known: dict[str, Field] = {}
        for column in self.columns:
            known |= column.base.program.output_fields() if column.base else {}
        pairs = metric.columns.items() if metric else ()
        return [
            replace(known.get(output, Field(name)), name=name, label="", nullable=False)
            for output, name in dict(pairs).items()
        ]

    @property
    def metric(self) -> Metric | None:
        pk = number_in(self.state.get("metric", ""))
        row = self.project.metrics.filter(pk=pk).first() if pk else None
        return row.core if row else None

    @property
    def can_add_column(self) -> bool:
        return len(self.columns) < typed.MOST_COLUMNS

    @property
    def can_add_row(self) -> bool:
        return len(self.rows) < typed.MOST_ROWS

    def is_valid(self) -> bool:
        sound = [part.is_valid() for part in (self.options, *self.columns, *self.rows)]
        if not all(sound):
            return False
        for row in self.rows:
            self._check(row)
        return bool(self.columns and self.rows) and not any(row.errors for row in self.rows)

    def _check(self, row: RowForm) -> None:
        if row.given is None and not row.is_typed:
            row.add_error(None, _("This row is not there any more: remove it."))
            return
        missing = [f.name for f in self.inputs if f.name not in row.example.inputs]
        if missing:
            told = _("The programs take “%(name)s”, which this row does not have: remove it.")
            row.add_error(None, told % {"name": missing[0]})

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        found = [fault for column in self.columns for fault in column.faults]
        found += [fault for row in self.rows for fault in row.faults]
        found += faults_of(self.options)
        if not self.columns:
            found.append(("", "", _("Add a column first.")))
        if not self.rows:
            found.append(("", "", _("Add a row to try the prompts on.")))
        return found

    @property
    def wished(self) -> list[Wanted]:
        """The columns of a valid form."""
        return [
            Wanted(c.place, c.name, c.base, c.candidate, c.model_ref, c.is_edited)
            for c in self.columns
            if c.base is not None
        ]

    @property
    def examples(self) -> list[Example]:
        """The rows of a valid form; ids that two datasets share are told apart."""
        found: dict[str, Example] = {}
        for row in self.rows:
            example = row.example
            if example.id in found:
                example = replace(example, id=f"{example.id}-{row.place + 1}")
            found[example.id] = example
        return list(found.values())

    @property
    def max_cost(self) -> int | None:
        """In micro-USD."""
        said = self.options.cleaned_data.get("max_cost")
        return None if said is None else round(said * MICRO)


def absorb_buttons(form: PlayForm) -> None:
    """Have the typed state be what a button of the demos made of it."""
    for column in form.columns:
        if column.edit is not None:
            start = f"c{column.place}-demos-"
            drawn = column.edit.as_drawn
            for name in [name for name in form.state if name.startswith(start)]:
                del form.state[name]
            for name, text in drawn.items():
                form.state[name] = text


def _begun(state: QueryDict, prefix: str, quiet: bool) -> dict[str, Any]:
    """How a part of the form is made: bound to be checked, or only drawn with what was typed."""
    found: dict[str, Any] = {"prefix": prefix or None, "use_required_attribute": False}
    return found | ({"initial": typed.drawn_of(state, prefix)} if quiet else {"data": state})


def row_named(project: Project, key: str) -> Example | None:
    """The row of a dataset: “3:row-17” is row-17 of dataset 3."""
    dataset, _colon, name = key.partition(":")
    number = number_in(dataset)
    found = project.datasets.filter(pk=number).first() if number else None
    row = found.examples.filter(key=name.replace("\x00", "")).first() if found else None
    return as_example(row) if row else None


def _fill(project: Project, state: QueryDict, place: int, base: Base, offered: list[str]) -> None:
    """Let a column that was not drawn of this base yet begin with its prompts."""
    start = f"c{place}-"
    if state.get(f"{start}shown") != base.value:
        for name in list(state):
            if name.startswith((f"{start}instruction:", f"{start}demos-")):
                state.pop(name)
        for name, text in EditForm(base.program, base.before, start=start).as_drawn.items():
            state[name] = text
        state[f"{start}shown"] = base.value
    if not state.get(f"{start}model"):
        state[f"{start}model"] = default_model(project, base, offered)

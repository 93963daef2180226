"""What every run is made of, as its form asks for it: program, data, metric, task model, caps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from optimizer.core.conversation.spec import Limits
from optimizer.core.problems import Problem
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.runs.starting.input_columns import guessed
from promptlab.runs.starting.planning import Estimated
from promptlab.runs.starting.run_choices import RunChoices
from promptlab.ui.parameters import number_in

MICRO = 1_000_000
MATERIAL = ("program", "dataset", "metric", "model_task")
COLUMN = "column_"
"""What the names of fields begin with that say where an input is read from."""
SUGGESTED = "suggested"
"""The metric's value while it is the suggested one that is not stored yet."""
PLACES = {
    "model_task": "models.task",
    "max_calls": "limits.calls",
    "max_cost": "limits.dollars",
    "max_minutes": "limits.minutes",
}
"""Fields whose problems have a place of another name."""


def short(low: int, high: int) -> forms.NumberInput:
    return forms.NumberInput({"class": "short", "min": low, "max": high})


def count(label: Any, low: int, high: int, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=low, max_value=high, required=False, help_text=help_text,
        widget=short(low, high),
    )  # fmt: skip


class MaterialForm(forms.Form):
    """What is run, on what, and how much it may cost.

    `needed` are the fields that an estimate needs, `places` those whose problems are called
    otherwise.
    """

    measures: ClassVar[bool] = False
    """Whether its page offers to measure what a few calls take."""
    needed: ClassVar[tuple[str, ...]] = MATERIAL
    places: ClassVar[Mapping[str, str]] = PLACES

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), empty_label=None)
    dataset = forms.ModelChoiceField(Dataset.objects.none(), label=_("Dataset"), empty_label=None)
    metric = forms.ChoiceField(label=_("Metric"))
    model_task = forms.ChoiceField(
        label=_("Task model"), help_text=_("Runs the program. Its prompts are what gets better.")
    )
    max_calls = forms.IntegerField(
        label=_("At most calls"), min_value=1, max_value=10_000_000, required=False,
        widget=forms.NumberInput({"class": "short", "min": 1}),
        help_text=_("Empty: no cap."),
    )  # fmt: skip
    max_cost = forms.DecimalField(
        label=_("At most dollars"), min_value=0, max_value=100_000, decimal_places=2,
        required=False, widget=forms.NumberInput({"class": "short", "min": 0, "step": "0.01"}),
        help_text=_("Empty: no cap."),
    )  # fmt: skip
    max_minutes = count(_("At most minutes"), 1, 10_080, _("Empty: no limit."))
    suggested_calls = forms.CharField(required=False, widget=forms.HiddenInput)
    suggested_cost = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, project: Project, data: Mapping[str, Any], run_choices: RunChoices | None = None
    ) -> None:
        self.project = project
        self.run_choices = run_choices or RunChoices(project)
        super().__init__(self._with_columns(data))
        self.estimated: Estimated | None = None
        """What the run would take, where somebody has looked."""
        cast(
            "forms.ModelChoiceField[Any]", self.fields["program"]
        ).queryset = project.programs.all()
        cast(
            "forms.ModelChoiceField[Any]", self.fields["dataset"]
        ).queryset = project.datasets.all()
        self._offer("model_task", self.offered_models)
        self._offer_metrics()
        self._offer_columns()

    # --- Where inputs are read from ------------------------------------------------------------

    def _with_columns(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was said, with a guess where an input's column was not, or is none any more."""
        program = self.run_choices.programs.get(number_in(str(data.get("program", ""))) or 0)
        dataset = self.run_choices.datasets.get(number_in(str(data.get("dataset", ""))) or 0)
        self.columns: tuple[str, ...] = ()
        self.unnamed: list[str] = []
        if program is None or dataset is None:
            return data
        inputs, expected = datasets.columns(dataset)
        names = [field.name for field in program.core.inputs]
        self.columns = (*inputs, *expected)
        self.unnamed = [name for name in names if name not in inputs]
        guess = guessed(names, inputs)
        said = data.copy() if isinstance(data, QueryDict) else dict(data)
        for name in self.unnamed:
            if said.get(f"{COLUMN}{name}") not in self.columns:
                said[f"{COLUMN}{name}"] = guess.get(name, "")
        return said

    def _offer_columns(self) -> None:
        offered = [("", _("Choose…")), *((column, column) for column in self.columns)]
        for name in self.unnamed:
            self.fields[f"{COLUMN}{name}"] = forms.ChoiceField(
                label=name, choices=offered, required=False
            )

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """A field for each input that no column is called after."""
        return [self[f"{COLUMN}{name}"] for name in self.unnamed]

    @property
    def read_from(self) -> dict[str, str]:
        """The column of each input that none is called after."""
        data = self.cleaned_data
        return {n: said for n in self.unnamed if (said := data.get(f"{COLUMN}{n}"))}

    # --- What is offered -----------------------------------------------------------------------

    def _offer(self, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = list(choices)

    @property
    def offered_models(self) -> list[tuple[str, str]]:
        return [(choice.value, choice.label) for choice in self.run_choices.models]

    @property
    def has_models(self) -> bool:
        return bool(self.run_choices.models)

    def _offer_metrics(self) -> None:
        stored = [(str(m.pk), m.name) for m in self.run_choices.metrics]
        wished = self.suggested_metric
        if wished is not None and wished.pk is None:
            stored.insert(0, (SUGGESTED, _("%(name)s (suggested)") % {"name": wished.name}))
        self._offer("metric", stored)

    @property
    def suggested_metric(self) -> Metric | None:
        """The metric for the chosen program and dataset; perhaps not stored yet."""
        dataset = self.run_choices.datasets.get(self._number("dataset"))
        return self.run_choices.suggested_metric(self._program, dataset)

    @property
    def _program(self) -> Program | None:
        return self.run_choices.programs.get(self._number("program"))

    def _number(self, name: str) -> int:
        return number_in(str(self.data.get(name, ""))) or 0

    def add_problems(self, problems: Iterable[Problem]) -> None:
        """Say what keeps from going on beside the fields that it is about."""
        names = {place: name for name, place in self.places.items()}
        for told in problems:
            name = names.get(told.place, told.place)
            if told.refuses:
                self.add_error(name if name in self.fields else None, sentence(told))

    # --- What is wanted ------------------------------------------------------------------------

    def clean_metric(self) -> Metric:
        value = self.cleaned_data["metric"]
        if value == SUGGESTED:
            wished = self.suggested_metric
            if wished is None:
                raise forms.ValidationError(_("Choose program and dataset first."))
            return wished
        return next(metric for metric in self.run_choices.metrics if str(metric.pk) == value)

    @property
    def is_complete(self) -> bool:
        """Whether all that an estimate needs was chosen; caps and numbers may still be wrong."""
        return set(self.needed) <= set(self.cleaned_data)

    @property
    def limits(self) -> Limits:
        """A cap that cannot be read is none."""
        data = self.cleaned_data
        dollars, minutes = data.get("max_cost"), data.get("max_minutes")
        cost = None if dollars is None else round(dollars * MICRO)
        return Limits(data.get("max_calls"), cost, None if minutes is None else 60 * minutes)

"""The form of an evaluation: what is scored, on which rows, with which models, how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.conversation.spec import Effort, ModelRef, Settings
from optimizer.core.optimizers import EVALUATION
from optimizer.core.programs.lm import Role
from optimizer.datasets.splitting import Split
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.runs.evaluating.failures import failed_in, runs_with_failures
from promptlab.runs.evaluating.given import Given, chosen, offered
from promptlab.runs.evaluating.request import EvaluationRequest, RowChoice
from promptlab.runs.starting import material
from promptlab.runs.starting.material import MATERIAL, MaterialForm, count
from promptlab.runs.starting.run_choices import RunChoices

MOST_MODELS = 6
HOTTEST = 2
FAILED = "failed."
"""What the value of `rows` begins with that means what failed in a run."""
SPLITS = {
    "validation": (Split.VALIDATION,),
    "train": (Split.TRAIN,),
    "both": (Split.TRAIN, Split.VALIDATION),
}
PLACES = {**material.PLACES, "model_further": "further_task_models"}


class EvaluationForm(MaterialForm):
    """What to score as it stands."""

    needed = (*MATERIAL, "rows")
    places = PLACES

    given = forms.MultipleChoiceField(
        label=_("Beside the program as it stands"), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    rows = forms.ChoiceField(label=_("Rows"))
    column = forms.ChoiceField(label=_("Only where"), required=False)
    value = forms.CharField(label=_("is"), required=False, max_length=500)
    tested = forms.BooleanField(
        label=_("Look at the sealed test split, too"), required=False,
        help_text=_("For the baseline and what was given, or the best of it. The look counts."),
    )  # fmt: skip
    model_further = forms.MultipleChoiceField(
        label=_("Also with"), required=False, widget=forms.CheckboxSelectMultiple
    )
    draws = count(
        _("Times each"), 1, 10,
        _("More than once shows how far replies differ; it needs a temperature above 0."),
    )  # fmt: skip
    temperature = forms.DecimalField(
        label=_("Temperature"), required=False, min_value=0, max_value=HOTTEST, decimal_places=2,
        widget=forms.NumberInput({"class": "short", "min": 0, "max": HOTTEST, "step": "0.1"}),
        help_text=_("Empty: each model's own."),
    )  # fmt: skip

    def __init__(
        self, project: Project, data: Mapping[str, Any], run_choices: RunChoices | None = None
    ) -> None:
        super().__init__(project, data, run_choices)
        self.fields["model_task"].help_text = _("Runs the program; its score is what counts.")
        self._offer("given", [(one.value, one.label) for one in self.given_choices])
        self._offer("rows", self._row_choices())
        self._offer("column", [("", _("any row")), *((name, name) for name in self._columns)])
        self._offer("model_further", self.offered_models)

    @cached_property
    def given_choices(self) -> list[Given]:
        """Candidates that go with the program, those of the address among them."""
        if self._program is None:
            return []
        return offered(self._program, self._several("given"))

    def _several(self, name: str) -> list[str]:
        widget = self.fields[name].widget
        return widget.value_from_datadict(self.data, self.files, self.add_prefix(name)) or []

    @property
    def _dataset(self) -> Dataset | None:
        return self.run_choices.datasets.get(self._number("dataset"))

    def _row_choices(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = [
            ("validation", _("validation")), ("train", _("training")),
            ("both", _("training and validation")),
        ]  # fmt: skip
        if self._dataset is None:
            return found
        told = _("what failed in run %(n)s")
        failed = runs_with_failures(self.project, self._dataset)
        return [*found, *((f"{FAILED}{n}", told % {"n": n}) for n in failed)]

    @property
    def _columns(self) -> list[str]:
        if self._dataset is None:
            return []
        inputs, expected = datasets.columns(self._dataset)
        return [*datasets.metadata_names(self._dataset), *expected, *inputs]

    # --- What is wanted ------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if (data.get("draws") or 1) > 1 and "model_task" in data and self._is_cold:
            self.add_error(
                "temperature",
                _("At temperature 0 every draw is the same: choose one above 0, or draw once."),
            )
        if len(self._models_of(data)) > MOST_MODELS:
            told = _("At most %(n)s models at once.") % {"n": MOST_MODELS}
            self.add_error("model_further", told)
        if "dataset" in data and "rows" in data and not self._has_rows:
            self.add_error("rows", _("No row is left: choose others, or empty the condition."))
        return data

    @property
    def _has_rows(self) -> bool:
        return self._chosen_rows().of(self.cleaned_data["dataset"].examples.all()).exists()

    @property
    def _is_cold(self) -> bool:
        return any(ref.temperature == 0 for ref in self._models_of(self.cleaned_data))

    def _models_of(self, data: Mapping[str, Any]) -> list[ModelRef]:
        """The first model, then the further ones, each once, as warm as was said."""
        by_value = {choice.value: choice.ref() for choice in self.run_choices.models}
        values = [data.get("model_task"), *(data.get("model_further") or ())]
        refs = [by_value[v] for v in dict.fromkeys(values) if v in by_value]
        said = data.get("temperature")
        return refs if said is None else [replace(r, temperature=float(said)) for r in refs]

    def run_request(self) -> EvaluationRequest:
        """What a complete form asks for."""
        data = self.cleaned_data
        models = self._models_of(data)
        return EvaluationRequest(
            program=data["program"],
            dataset=data["dataset"],
            metric=data["metric"],
            optimizer=EVALUATION,
            effort=Effort.CUSTOM,
            settings=Settings(cut_off_fails=True),
            models={Role.TASK: models[0]},
            limits=self.limits,
            columns=self.read_from,
            given=chosen(self.given_choices, data.get("given") or ()),
            further_task_models=tuple(models[1:]),
            draws=data.get("draws") or 1,
            chosen_rows=self._chosen_rows(),
            tested=bool(data.get("tested")),
        )

    def _chosen_rows(self) -> RowChoice:
        data = self.cleaned_data
        which, column, value = data["rows"], data.get("column") or "", data.get("value") or ""
        if not which.startswith(FAILED):
            return RowChoice(SPLITS[which], column, value)
        keys = failed_in(self.project, int(which.removeprefix(FAILED)))
        return RowChoice(SPLITS["both"], column, value, keys)

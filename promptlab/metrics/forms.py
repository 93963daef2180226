"""The form of a metric: its parts, and what becomes of them together."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy

from optimizer import codec
from optimizer.core.evaluation.metric import Metric as CoreMetric
from optimizer.core.metrics import combined, objective_of, parts_of, standard_kind
from optimizer.core.metrics.parts import MOST_PARTS, Counts, Objective, Part, part_problems
from optimizer.core.runs.validation import label_fault, unattainable
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.metrics.kinds import KINDS
from promptlab.metrics.models import Metric
from promptlab.metrics.part_form import PartForm
from promptlab.metrics.queries import names_of
from promptlab.programs.models import Program
from promptlab.ui.forms import NameField
from promptlab.ui.parameters import number_in


class MetricForm(PartForm):
    """A metric of `project`: the first part, and all that holds for the whole. `program` and
    `dataset` help to choose names; they are not stored.

    Further parts are forms of their own, `more`; their fields have the prefixes `p1` to `pN`, and
    `parts` says how many parts there are. A metric of one part is that part.
    """

    name = NameField(label=gettext_lazy("Name"))
    program = forms.ModelChoiceField(
        label=gettext_lazy("Program"),
        queryset=Program.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: type the output's name"),
        help_text=gettext_lazy("Whose answers are judged."),
    )
    dataset = forms.ModelChoiceField(
        label=gettext_lazy("Dataset"),
        queryset=Dataset.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: type the column's name"),
        help_text=gettext_lazy("Where the right answers stand."),
    )
    objective = forms.TypedChoiceField(
        label=gettext_lazy("Objective"),
        coerce=Objective,
        empty_value=Objective.MEAN,
        required=False,
        initial=Objective.MEAN.value,
        choices=[
            (Objective.MEAN.value, gettext_lazy("Mean: parts count by their weights")),
            (Objective.PRODUCT.value, gettext_lazy("Product: one part at 0 makes the whole 0")),
        ],
        help_text=gettext_lazy("What is optimized. All parts are scored and shown."),
    )
    threshold = forms.FloatField(
        label=gettext_lazy("Good enough from"),
        min_value=0,
        max_value=1,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "short", "step": "0.05"}),
        help_text=gettext_lazy(
            "A score from 0 to 1. Answers that reach it may become demos in a run; "
            "1 takes only what is wholly right."
        ),
    )
    parts = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_PARTS, initial=1, widget=forms.HiddenInput
    )

    def __init__(
        self, project: Project, data: QueryDict | None = None, initial: dict[str, Any] | None = None
    ) -> None:
        said = data if data is not None else (initial or {})
        self.chosen_program: Program | None = _row(project.programs.all(), said.get("program"))
        self.chosen_dataset: Dataset | None = _row(project.datasets.all(), said.get("dataset"))
        names = names_of(self.chosen_program, self.chosen_dataset)
        count = _count(said.get("parts"))
        super().__init__(project, names, data, initial=initial, several=count > 1)
        self.fields["program"].queryset = project.programs.all()  # type: ignore[attr-defined]
        self.fields["dataset"].queryset = project.datasets.all()  # type: ignore[attr-defined]
        self.more = [
            PartForm(
                project, names, data, prefix=f"p{at}", initial=_of_prefix(initial or {}, f"p{at}-")
            )
            for at in range(1, count)
        ]

    @property
    def all_parts(self) -> list[PartForm]:
        return [self, *self.more]

    @property
    def may_grow(self) -> bool:
        return len(self.all_parts) < MOST_PARTS

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not all(part.is_valid() for part in self.more):
            self.add_error(None, gettext_lazy("Correct what is marked in the parts below."))
        if not self.errors and self.several:
            for fault in part_problems([part.core_part for part in self.all_parts]):
                self._blame(fault.place, sentence(fault), "part")
        if not self.errors and self.chosen_program and self.chosen_dataset:
            columns = set(self.names.expected or ())
            for problem in self.core.problems(self.chosen_program.core, columns):
                self._blame(problem.place, sentence(problem), "kind")
            if not self.errors:
                self._judge_labels(self.chosen_program, self.chosen_dataset)
        return cleaned

    def _blame(self, place: str, told: str, field: str) -> None:
        """Tell what is wrong at the part that it is about."""
        number = place.removeprefix("parts.")
        part = self.all_parts[int(number)] if number.isdecimal() else self
        part.add_error(field, told)
        if part is not self:
            self.add_error(None, told)

    def _judge_labels(self, program: Program, dataset: Dataset) -> None:
        """Refuse a metric by which no answer could ever be right on this dataset."""
        labels = {column: datasets.labels(dataset, column) for column in self.core.expects}
        silent = {column: label_fault(found, column) for column, found in labels.items()}
        every = all(silent.values())  # where a part has nothing to compare, others may
        for number, metric in enumerate(self.core.singles):
            if not metric.expected:
                continue
            fault = silent[metric.expected] if every else None
            fault = fault or unattainable(metric, program.core, labels[metric.expected])
            if fault is not None and fault.refuses:
                self._blame(f"parts.{number}", sentence(fault), "kind")

    @property
    def core(self) -> CoreMetric:
        threshold = self.cleaned_data["threshold"]
        if not self.several:
            return self._metric(threshold)
        objective = self.cleaned_data.get("objective") or Objective.MEAN
        return combined([part.core_part for part in self.all_parts], objective, threshold)

    @cached_property
    def bench_metric(self) -> CoreMetric | None:
        """The metric as far as it is filled in, for the test bench; None while it has no kind."""
        found = [sketch for part in self.all_parts if (sketch := part.sketch)]
        if not found:
            return None
        objective = str(self["objective"].value() or Objective.MEAN)
        known = Objective(objective) if objective in set(Objective) else Objective.MEAN
        return combined(found, known) if self.several else found[0].metric


def initial_of(metric: Metric, program: Program | None, dataset: Dataset | None) -> dict[str, Any]:
    """What the form of a stored metric begins with."""
    core = metric.core
    parts = parts_of(core)
    several = objective_of(core) is not None
    found: dict[str, Any] = {
        "name": metric.name,
        "program": program.pk if program else "",
        "dataset": dataset.pk if dataset else "",
        "threshold": metric.threshold,
        "objective": (objective_of(core) or Objective.MEAN).value,
        "parts": len(parts),
    }
    for number, part in enumerate(parts):
        own = _initial_of_part(part, several)
        found |= {f"{_prefix(number)}{name}": value for name, value in own.items()}
    return found


def _initial_of_part(part: Part, several: bool) -> dict[str, Any]:
    metric = part.metric
    own = codec.to_json(KINDS[metric.kind].settings_of(metric), dict[str, Any])
    about = {
        "part": part.name,
        "weight": part.weight,
        "counts": part.counts.value,
        "holds_from": metric.threshold,
    }
    said = {"kind": metric.kind, "output": metric.output, "expected": metric.expected}
    alone = {"counts": Counts.WEIGHTED.value, "weight": 1, "holds_from": 1}
    return {**own, **said, **(about if several else alone)}


def typed_so_far(post: QueryDict, look: str) -> dict[str, Any]:
    """What a form begins with that shows what was typed, after a part was added or taken away."""
    parts = [_typed(post, PartForm, _prefix(at)) for at in range(_count(post.get("parts")))]
    if look == "add" and len(parts) < MOST_PARTS:
        alike = {name: parts[-1].get(name) for name in ("output", "expected")}
        parts.append({"kind": standard_kind().kind, **alike})
    gone = number_in(look.removeprefix("remove-")) if look.startswith("remove-") else None
    if gone is not None and gone < len(parts) > 1:
        del parts[gone]
    whole = _typed(post, MetricForm, "", without=PartForm.base_fields)
    flat = {_prefix(at) + k: v for at, part in enumerate(parts) for k, v in part.items()}
    return {**whole, **flat, "parts": len(parts)}


def _typed(
    post: QueryDict, form: type[forms.Form], prefix: str, without: Collection[str] = ()
) -> dict[str, Any]:
    """The values of a form's fields, as they stand; what was not shown, like the fields of other
    kinds, is as it is at first.
    """
    kind = KINDS.get(post.get(f"{prefix}kind", "")) if not without else None
    fields = form.base_fields | (kind.form_fields() if kind else {})
    return {
        name: field.widget.value_from_datadict(post, MultiValueDict(), prefix + name)
        if _is_shown(post, prefix + name, field)
        else field.initial
        for name, field in fields.items()
        if name not in without
    }


def _is_shown(post: QueryDict, name: str, field: forms.Field) -> bool:
    several = isinstance(field.widget, forms.CheckboxSelectMultiple)
    return name in post or several


def _prefix(at: int) -> str:
    return f"p{at}-" if at else ""


def _of_prefix(initial: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in initial.items() if k.startswith(prefix)}


def _count(said: object) -> int:
    """How many parts there are, as a form or an address may say it."""
    found = number_in(str(said or 1))
    return min(max(found or 1, 1), MOST_PARTS)


def _row(rows: Any, value: object) -> Any:
    number = number_in(str(value or ""))
    return None if number is None else rows.filter(pk=number).first()

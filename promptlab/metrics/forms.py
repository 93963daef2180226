"""The form of a metric."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.evaluation.metric import Metric as CoreMetric
from optimizer.core.evaluation.program_metric import ProgramMetric
from optimizer.core.runs.validation import label_fault, unattainable
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.metrics.kinds import KINDS, kind_choices
from promptlab.metrics.models import Metric
from promptlab.metrics.queries import Names, names_of
from promptlab.programs.models import Program
from promptlab.providers.fields import EmbeddingModelField, OwnModelField, model_in
from promptlab.ui.forms import CardRadios, NameField, refuse_name
from promptlab.ui.parameters import number_in


class MetricForm(forms.Form):
    """A metric of `project`. `program` and `dataset` help to choose names; they are not stored."""

    name = NameField(label=gettext_lazy("Name"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), widget=CardRadios, choices=kind_choices)
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
    output = forms.CharField(
        label=gettext_lazy("Output"),
        max_length=64,
        help_text=gettext_lazy("Its output that is judged."),
    )
    expected = forms.CharField(
        label=gettext_lazy("Expected"),
        max_length=64,
        help_text=gettext_lazy("The column it is compared with."),
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

    def __init__(
        self, project: Project, data: QueryDict | None = None, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial or {}, use_required_attribute=False)
        self.chosen_kind = KINDS.get(str(self["kind"].value()))
        self.fields |= self.chosen_kind.form_fields() if self.chosen_kind else {}
        for name, field in self.fields.items():
            stored = self.initial.get(name)
            stored = None if isinstance(stored, str) else stored  # it is only typed so far
            if isinstance(field, EmbeddingModelField):
                field.offer(project, model_in(stored) if stored else None)
            elif isinstance(field, OwnModelField):
                field.offer(project, stored)
        self.fields["program"].queryset = project.programs.all()  # type: ignore[attr-defined]
        self.fields["dataset"].queryset = project.datasets.all()  # type: ignore[attr-defined]
        self.chosen_program: Program | None = _row(project.programs.all(), self["program"].value())
        self.chosen_dataset: Dataset | None = _row(project.datasets.all(), self["dataset"].value())
        self.names: Names = names_of(self.chosen_program, self.chosen_dataset)
        _offer(self, "output", self.names.outputs, _("Choose…"))
        compares = self.chosen_kind is None or self.chosen_kind.core.needs_expected
        self.fields["expected"].required = compares
        none = _("Choose…") if compares else _("None: it is compared with nothing")
        _offer(self, "expected", self.names.expected, none)

    def clean_output(self) -> str:
        return _known(self.cleaned_data["output"], self.names.outputs, "name.output")

    def clean_expected(self) -> str:
        column: str = self.cleaned_data["expected"]
        return _known(column, self.names.expected, "name.column") if column else ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            for fault in KINDS[cleaned["kind"]].check(self.core):
                self.add_error(fault.place, sentence(fault))
        if not self.errors and self.chosen_program and self.chosen_dataset:
            columns = set(self.names.expected or ())
            for problem in self.core.problems(self.chosen_program.core, columns):
                self.add_error("kind", sentence(problem))
            if not self.errors and self.core.expected:
                self._judge_labels(self.chosen_program, self.chosen_dataset)
        return cleaned

    def _judge_labels(self, program: Program, dataset: Dataset) -> None:
        """Refuse a metric by which no answer could ever be right on this dataset."""
        labels = datasets.labels(dataset, self.core.expected)
        fault = label_fault(labels, self.core.expected)
        fault = fault or unattainable(self.core, program.core, labels)
        if fault is not None and fault.refuses:
            self.add_error("kind", sentence(fault))

    @property
    def own(self) -> list[forms.BoundField]:
        """What the chosen kind asks besides; what it has that nobody types is hidden."""
        return [self[name] for name in self.fields if name not in self.base_fields]

    @property
    def is_judge(self) -> bool:
        """Whether a model judges."""
        return self.chosen_kind is not None and issubclass(self.chosen_kind.core, ProgramMetric)

    @property
    def core(self) -> CoreMetric:
        cleaned, kind = self.cleaned_data, KINDS[self.cleaned_data["kind"]]
        asked = {name: cleaned[name] for name in kind.fields if cleaned.get(name) is not None}
        return kind.core(
            cleaned["output"], cleaned["expected"], threshold=cleaned["threshold"], **asked
        )

    @property
    def sketch(self) -> CoreMetric | None:
        """The metric as far as it is filled in, for the test bench; None while it has no kind."""
        if self.chosen_kind is None:
            return None
        expected = str(self["expected"].value() or "")
        output = str(self["output"].value() or "answer")
        return self.chosen_kind.core(output, expected, **dict(filter(None, map(_said, self.own))))


def initial_of(metric: Metric, program: Program | None, dataset: Dataset | None) -> dict[str, Any]:
    return {
        **metric.kind_settings,
        "name": metric.name,
        "kind": metric.kind,
        "program": program.pk if program else "",
        "dataset": dataset.pk if dataset else "",
        "output": metric.output,
        "expected": metric.expected,
        "threshold": metric.threshold,
    }


def _row(rows: Any, value: object) -> Any:
    number = number_in(str(value or ""))
    return None if number is None else rows.filter(pk=number).first()


def _offer(form: forms.Form, name: str, names: tuple[str, ...] | None, none: str) -> None:
    """A select of these names; the present one stays among them. None: a name is typed."""
    if names is None:
        return
    present = str(form[name].value() or "")
    kept = (present,) if present and present not in names else ()
    choices = [("", none), *((n, n) for n in (*names, *kept))]
    form.fields[name].widget = forms.Select(choices=choices)


def _known(name: str, names: tuple[str, ...] | None, code: str) -> str:
    if names is not None and name not in names:
        told = ", ".join(names) or _("none")
        raise forms.ValidationError(
            _("“%(name)s” is not among them: %(names)s.") % {"name": name, "names": told}
        )
    refuse_name(name, code)
    return name


def _said(field: forms.BoundField) -> tuple[str, Any] | None:
    """A field's name and value, None while that means nothing."""
    try:
        value = field.field.clean(field.value())
    except forms.ValidationError:
        return None
    return None if value is None else (field.name, value)

"""The form of a metric."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.evaluation.metrics import Metric as CoreMetric
from optimizer.core.evaluation.metrics import MetricKind
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.datasets.models import Dataset
from promptlab.metrics.models import Metric
from promptlab.metrics.queries import Names, names_of
from promptlab.programs.models import Program
from promptlab.ui.forms import CardRadios, Choice, NameField, refuse_name
from promptlab.ui.parameters import number_in

KINDS = {
    MetricKind.EXACT_MATCH: gettext_lazy(
        "Right when the answer is the expected text. Case, punctuation and articles do not count."
    ),
    MetricKind.CHOICE_ACCURACY: gettext_lazy("Right when the answer is the expected choice."),
    MetricKind.NUMERIC: gettext_lazy(
        "Right when the last number of the answer is the expected one, give or take a tolerance."
    ),
    MetricKind.CONTAINS: gettext_lazy(
        "Right when the expected text stands somewhere in the answer."
    ),
    MetricKind.TOKEN_F1: gettext_lazy(
        "Partly right: the share of words that answer and expected text have in common."
    ),
}


class MetricForm(forms.Form):
    """A metric of `project`. `program` and `dataset` help to choose names; they are not stored."""

    name = NameField(label=gettext_lazy("Name"))
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        widget=CardRadios,
        choices=[(k.value, Choice(Metric.Kind(k.value).label, text)) for k, text in KINDS.items()],
    )
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
    tolerance = forms.FloatField(
        label=gettext_lazy("Tolerance"),
        required=False,
        min_value=0,
        initial=0,
        widget=forms.NumberInput(attrs={"class": "short", "step": "any"}),
        help_text=gettext_lazy(
            "The largest difference that is still right. 0.5: 10 and 10.5 match."
        ),
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
        self.fields["program"].queryset = project.programs.all()  # type: ignore[attr-defined]
        self.fields["dataset"].queryset = project.datasets.all()  # type: ignore[attr-defined]
        self.chosen_program: Program | None = _row(project.programs.all(), self["program"].value())
        self.chosen_dataset: Dataset | None = _row(project.datasets.all(), self["dataset"].value())
        self.names: Names = names_of(self.chosen_program, self.chosen_dataset)
        _offer(self, "output", self.names.outputs)
        _offer(self, "expected", self.names.expected)

    def clean_output(self) -> str:
        return _known(self.cleaned_data["output"], self.names.outputs, "name.output")

    def clean_expected(self) -> str:
        return _known(self.cleaned_data["expected"], self.names.expected, "name.column")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and self.chosen_program and self.chosen_dataset:
            columns = set(self.names.expected or ())
            for problem in self.core.problems(self.chosen_program.core, columns):
                self.add_error("kind", sentence(problem))
        return cleaned

    @property
    def is_numeric(self) -> bool:
        return bool(self["kind"].value() == MetricKind.NUMERIC.value)

    @property
    def core(self) -> CoreMetric:
        cleaned = self.cleaned_data
        kind = MetricKind(cleaned["kind"])
        tolerance = cleaned.get("tolerance") or 0.0
        return CoreMetric(
            kind,
            cleaned["output"],
            cleaned["expected"],
            tolerance if kind is MetricKind.NUMERIC else 0.0,
            cleaned["threshold"],
        )

    @property
    def sketch(self) -> CoreMetric | None:
        """The metric as far as it is filled in, for the test bench; None while it has no kind."""
        kind, tolerance = self["kind"].value(), _number(self["tolerance"].value())
        if kind not in {k.value for k in MetricKind}:
            return None
        expected = str(self["expected"].value() or "")
        return CoreMetric(MetricKind(kind), "answer", expected, tolerance)


def initial_of(metric: Metric, program: Program | None, dataset: Dataset | None) -> dict[str, Any]:
    return {
        "name": metric.name,
        "kind": metric.kind,
        "program": program.pk if program else "",
        "dataset": dataset.pk if dataset else "",
        "output": metric.output,
        "expected": metric.expected,
        "tolerance": metric.tolerance,
        "threshold": metric.threshold,
    }


def _row(rows: Any, value: object) -> Any:
    number = number_in(str(value or ""))
    return None if number is None else rows.filter(pk=number).first()


def _offer(form: forms.Form, name: str, names: tuple[str, ...] | None) -> None:
    """A select of these names; the present one stays among them. None: a name is typed."""
    if names is None:
        return
    present = str(form[name].value() or "")
    kept = (present,) if present and present not in names else ()
    choices = [("", _("Choose…")), *((n, n) for n in (*names, *kept))]
    form.fields[name].widget = forms.Select(choices=choices)


def _known(name: str, names: tuple[str, ...] | None, code: str) -> str:
    if names is not None and name not in names:
        told = ", ".join(names) or _("none")
        raise forms.ValidationError(
            _("“%(name)s” is not among them: %(names)s.") % {"name": name, "names": told}
        )
    refuse_name(name, code)
    return name


def _number(value: object) -> float:
    try:
        return max(float(str(value)), 0.0)
    except ValueError:
        return 0.0

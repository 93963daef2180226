"""The form of a try: an example's values, a model, and a metric if the answer is to be scored."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.metric import Metric
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import FieldType, Value, written
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.datasets.models import Dataset, DatasetExample
from promptlab.datasets.queries import as_example, columns
from promptlab.providers.queries import model_choices
from promptlab.ui.parameters import Parameters
from promptlab.ui.value_field import ValueField, plain_lines

TYPED = "typed"
"""The id of an example that somebody typed."""


class ExampleForm(forms.Form):
    """Which example of which dataset the values are taken from. Its state is in the address."""

    dataset = forms.ModelChoiceField(
        label=gettext_lazy("Dataset"),
        queryset=Dataset.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: type values"),
    )
    row = forms.IntegerField(
        label=gettext_lazy("Example"),
        required=False,
        min_value=1,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )

    def __init__(self, project: Project, program: Program, asked: Parameters) -> None:
        self.project, self.program = project, program
        dataset = asked.text("dataset")
        if not asked.has("dataset"):
            first = fitting_dataset(project, program)
            dataset = str(first.pk) if first else ""
        super().__init__({"dataset": dataset, "row": asked.number("row") or 1})
        self.fields["dataset"].queryset = project.datasets.all()  # type: ignore[attr-defined]
        self.full_clean()

    @property
    def chosen(self) -> Dataset | None:
        return self.cleaned_data.get("dataset")

    @property
    def number(self) -> int:
        """The example's place in the dataset, from 1; the last one where there are fewer."""
        wished = self.cleaned_data.get("row") or 1
        return min(wished, self.chosen.count) if self.chosen else wished

    def following(self) -> ExampleForm:
        """The same dataset, one example further."""
        state = {"dataset": str(self["dataset"].value() or ""), "row": str(self.after)}
        return ExampleForm(self.project, self.program, Parameters(state))

    @property
    def before(self) -> int:
        """The number of the example before; before the first comes the last."""
        return self.number - 1 or (self.chosen.count if self.chosen else 1)

    @property
    def after(self) -> int:
        return self.number % self.chosen.count + 1 if self.chosen and self.chosen.count else 1

    @property
    def example(self) -> DatasetExample | None:
        if self.chosen is None or self.chosen.count == 0:
            return None
        return self.chosen.examples.order_by("position")[self.number - 1 : self.number].first()


class TryForm(forms.Form):
    """Values for each input of the program. Typed values are compared with nothing."""

    model = forms.ChoiceField(label=gettext_lazy("Model"))
    metric = forms.ModelChoiceField(
        label=gettext_lazy("Metric"),
        queryset=Project.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: show the answer only"),
    )

    def __init__(
        self,
        project: Project,
        program: Program,
        row: DatasetExample | None,
        data: QueryDict | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial or {}, use_required_attribute=False)
        self.program, self.row = program, row
        models = model_choices(project)
        self.models = {found.value: found.ref() for found in models}
        self.fields["model"].choices = [  # type: ignore[attr-defined]
            (found.value, found.label) for found in models
        ]
        self.fields["metric"].queryset = project.metrics.all()  # type: ignore[attr-defined]
        for field in program.inputs:
            value = ValueField(field, required=not (field.nullable or field.type is FieldType.LIST))
            if row is not None:
                value.initial = written(row.inputs.get(field.name))
            self.fields[f"in-{field.name}"] = value

    @property
    def expected(self) -> list[tuple[str, str]]:
        """What the dataset expects of its example."""
        found = self.row.expected if self.row else {}
        return [(name, written(value)) for name, value in found.items()]

    @property
    def value_fields(self) -> list[forms.BoundField]:
        return [self[f"in-{field.name}"] for field in self.program.inputs]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        metric = cleaned.get("metric")
        if metric is None or self.errors:
            return cleaned
        if self.example.id == TYPED:
            self.add_error(
                "metric",
                _("Typed values have nothing to be compared with: take an example as it is, "
                  "or no metric."),
            )  # fmt: skip
            return cleaned
        for problem in metric.core.problems(self.program, set(self.example.expected)):
            self.add_error("metric", sentence(problem))
        return cleaned

    @property
    def values(self) -> dict[str, Value]:
        found = ((f, self.cleaned_data[f"in-{f.name}"]) for f in self.program.inputs)
        return {f.name: [] if v is None and not f.nullable else v for f, v in found}

    @property
    def example(self) -> Example:
        """The dataset's example while its values stand as they were, otherwise a typed one."""
        if self.row is not None:
            given = {f.name: self.row.inputs.get(f.name) for f in self.program.inputs}
            if _as_sent(given) == _as_sent(self.values):
                return as_example(self.row)
        return Example(TYPED, self.values)

    @property
    def chosen_model(self) -> ModelRef:
        return self.models[self.cleaned_data["model"]]

    @property
    def chosen_metric(self) -> Metric | None:
        metric = self.cleaned_data["metric"]
        return metric.core if metric else None


def example_and_form(
    project: Project,
    program: Program,
    asked: Parameters,
    sent: QueryDict | None,
    initial: dict[str, Any],
) -> tuple[ExampleForm, TryForm]:
    """Both forms of the page. The button `next` sends the values of the following example."""
    example = ExampleForm(project, program, asked)
    if sent is not None and "next" in sent:
        example = example.following()
        sent = filled_in(sent, program, example.example)
    return example, TryForm(project, program, example.example, sent, initial)


def kept(example: ExampleForm, form: TryForm, tryout: int) -> str:
    """The state of the page of a try-out that was started, for its address."""
    metric = form.cleaned_data["metric"]
    return urlencode(
        {
            "tryout": tryout,
            "dataset": example.chosen.pk if example.chosen else "",
            "row": example.number,
            "model": form.cleaned_data["model"],
            "metric": metric.pk if metric else "",
        }
    )


def chosen_before(asked: Parameters) -> dict[str, Any]:
    """The model and the metric that an address has kept."""
    return {key: asked.text(key) for key in ("model", "metric") if asked.has(key)}


def filled_in(data: QueryDict, program: Program, row: DatasetExample | None) -> QueryDict:
    """What was sent, with the values of another example."""
    found = data.copy()
    for field in program.inputs:
        found[f"in-{field.name}"] = written(row.inputs.get(field.name)) if row else ""
    return found


def _as_sent(values: dict[str, Value]) -> dict[str, str]:
    """Values as a browser sends them back, without space at the ends."""
    return {name: plain_lines(written(value)).strip() for name, value in values.items()}


def fitting_dataset(project: Project, program: Program) -> Dataset | None:
    """The newest dataset that has every input of the program, best one that expects its outputs."""
    wanted, given = {field.name for field in program.inputs}, set(program.outputs)
    fitting = [
        (dataset, set(expected))
        for dataset in project.datasets.all()
        for inputs, expected in [columns(dataset)]
        if wanted and wanted <= set(inputs)
    ]
    both = (dataset for dataset, expected in fitting if given & expected)
    return next(both, fitting[0][0] if fitting else None)

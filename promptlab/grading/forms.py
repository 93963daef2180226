"""Which verdicts a judge is measured by, and what people are to grade."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.metrics.feedback import LONGEST_TEXT, FeedbackRule, Sign
from optimizer.sentences import sentence
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.grading import queues
from promptlab.grading.labels import guessed_columns, queues_of
from promptlab.grading.models import JudgeLabels, Queue
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import spec_of

SIGNS = {
    Sign.EQUALS.value: gettext_lazy("it is this text"),
    Sign.MATCHES.value: gettext_lazy("a pattern is found in it"),
    Sign.LACKS.value: gettext_lazy("a pattern is not found in it"),
    Sign.SHAPE.value: gettext_lazy("it is no JSON, or lacks one of these keys"),
    Sign.REPEATS.value: gettext_lazy("it repeats itself"),
    Sign.COPIES.value: gettext_lazy("it copies an input"),
    Sign.LONGER.value: gettext_lazy("it is longer than so many words"),
}
"""What a rule can look for, in words."""


class LabelsForm(forms.Form):
    """A dataset with its columns of answers and verdicts, or what people graded in a queue."""

    source = forms.ChoiceField(label=gettext_lazy("Labelled verdicts"))
    answer = forms.ChoiceField(label=gettext_lazy("Answers"), required=False)
    verdict = forms.ChoiceField(label=gettext_lazy("Verdicts"), required=False)

    def __init__(
        self, metric: Metric, labels: JudgeLabels | None, data: QueryDict | None = None
    ) -> None:
        initial = {"source": _source_of(labels)} if labels else {}
        if labels and labels.dataset:
            initial |= {"answer": labels.answer, "verdict": labels.verdict}
        super().__init__(data, initial=initial, use_required_attribute=False)
        self._metric = metric
        self._sources: dict[str, Dataset | Queue] = {
            **{f"dataset-{row.pk}": row for row in metric.project.datasets.all()},
            **{f"queue-{queue.pk}": queue for queue in queues_of(metric.project)},
        }
        named = [(value, _told(row)) for value, row in self._sources.items()]
        self.fields["source"].choices = [("", _("Choose…")), *named]  # type: ignore[attr-defined]
        self.chosen = self._sources.get(str(self["source"].value() or ""))
        self._offer_columns()

    @property
    def asks_columns(self) -> bool:
        return isinstance(self.chosen, Dataset)

    def _offer_columns(self) -> None:
        inputs, expected = (
            datasets.columns(self.chosen) if isinstance(self.chosen, Dataset) else ((), ())
        )
        columns = (*inputs, *expected)
        for name in ("answer", "verdict"):
            offered = [("", _("Guess…")), *((column, column) for column in columns)]
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        judge = next(iter(self._metric.core.judges), None)
        if isinstance(self.chosen, Dataset) and judge is not None:
            verdict, answer = guessed_columns(self.chosen, judge)
            cleaned["verdict"] = cleaned.get("verdict") or verdict
            cleaned["answer"] = cleaned.get("answer") or answer
            for name, found in (("verdict", verdict), ("answer", answer)):
                if not cleaned[name] and not found and name not in self.errors:
                    self.add_error(name, _("No column seems to hold these: choose it."))
        return cleaned

    def labels(self) -> JudgeLabels:
        """The labels as they were chosen, not stored yet."""
        cleaned = self.cleaned_data
        if isinstance(self.chosen, Queue):
            return JudgeLabels(metric=self._metric, queue=self.chosen)
        assert isinstance(self.chosen, Dataset)
        return JudgeLabels(
            metric=self._metric, dataset=self.chosen, answer=cleaned["answer"],
            verdict=cleaned["verdict"],
        )  # fmt: skip


def _source_of(labels: JudgeLabels) -> str:
    if labels.queue_id is not None:
        return f"queue-{labels.queue_id}"
    return f"dataset-{labels.dataset_id}"


def _told(row: Dataset | Queue) -> str:
    if isinstance(row, Dataset):
        return row.name
    return _("Graded by people: %(run)s") % {"run": row.project_run}


class QueueForm(forms.Form):
    """What people are to grade of a run: its baseline, and its best candidate where it has one."""

    way = forms.ChoiceField(
        label=gettext_lazy("How"), choices=Queue.Way.choices, initial=Queue.Way.GRADE
    )
    rows = forms.ChoiceField(
        label=gettext_lazy("Answers to"),
        choices=[
            ("validation", gettext_lazy("validation rows: to compare candidates")),
            ("train", gettext_lazy("training rows: notes help to write instructions")),
        ],
        help_text=gettext_lazy("Instructions are written from training rows alone."),
    )
    output = forms.ChoiceField(label=gettext_lazy("Output"))
    judge = forms.ModelChoiceField(
        label=gettext_lazy("Levels"),
        queryset=Metric.objects.none(),
        required=False,
        empty_label=gettext_lazy("good, fair, poor"),
        help_text=gettext_lazy("Those of a judge: then the grades are labels for it."),
    )
    examples = forms.IntegerField(
        label=gettext_lazy("Rows"), min_value=1, max_value=queues.MOST, initial=20
    )

    def __init__(self, project_run: ProjectRun, data: QueryDict | None = None) -> None:
        super().__init__(data, use_required_attribute=False)
        spec = spec_of(project_run.run)
        outputs = tuple(spec.program.outputs)
        first = next((m.output for m in spec.metric.singles if m.output in outputs), outputs[0])
        ordered = (first, *(name for name in outputs if name != first))
        self.fields["output"].choices = [(name, name) for name in ordered]  # type: ignore[attr-defined]
        judges = [m.pk for m in project_run.project.metrics.all() if m.is_judge]
        self.fields["judge"].queryset = Metric.objects.filter(pk__in=judges)  # type: ignore[attr-defined]
        self._columns = spec.metric.columns
        best = project_run.run.best_candidate
        self._candidates = (0, best.number) if best and best.number else (0,)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("way") == Queue.Way.COMPARE and len(self._candidates) < 2:
            self.add_error("way", _("The run found no candidate to compare with the baseline."))
        return cleaned

    @property
    def wish(self) -> queues.Wish:
        cleaned = self.cleaned_data
        judges = cleaned["judge"].core.judges if cleaned["judge"] else ()
        return queues.Wish(
            way=Queue.Way(cleaned["way"]),
            output=cleaned["output"],
            column=self._columns.get(cleaned["output"], ""),
            training=cleaned["rows"] == "train",
            levels=judges[0].levels if judges else queues.LEVELS,
            candidates=self._candidates,
            examples=cleaned["examples"],
        )


class RuleForm(forms.Form):
    """One rule that gives feedback on answers of a program."""

    sign = forms.ChoiceField(label=gettext_lazy("Where"), choices=[*SIGNS.items()])
    output = forms.ChoiceField(label=gettext_lazy("Output"))
    value = forms.CharField(
        label=gettext_lazy("What is looked for"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("A text, a pattern, keys with commas between them, or a number."),
    )
    text = forms.CharField(
        label=gettext_lazy("Feedback"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy("What to do otherwise; the optimizer model reads it."),
    )
    module = forms.ChoiceField(label=gettext_lazy("For module"), required=False)

    def __init__(self, program: Program, data: QueryDict | None = None) -> None:
        super().__init__(data, use_required_attribute=False)
        self._core = program.core
        inner = (field.name for module in self._core.modules for field in module.gives)
        names = dict.fromkeys((*self._core.outputs, *inner))
        modules = [(m.name, m.name) for m in self._core.modules if m.has_instruction]
        self.fields["output"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        self.fields["module"].choices = [("", _("Every module")), *modules]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            for wrong in self.rule.problems(self._core):
                self.add_error(wrong.place, sentence(wrong))
        return cleaned

    @property
    def rule(self) -> FeedbackRule:
        said = self.cleaned_data
        return FeedbackRule(
            Sign(said["sign"]), said["output"], said["text"], said["value"], said["module"]
        )

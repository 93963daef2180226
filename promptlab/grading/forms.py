"""Which verdicts a judge is measured by."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.evaluation.program_metric import ProgramMetric
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.grading.labels import guessed_columns, queues_of
from promptlab.grading.models import JudgeLabels, Queue
from promptlab.metrics.models import Metric


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
        judge = self._metric.core
        if isinstance(self.chosen, Dataset) and isinstance(judge, ProgramMetric):
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

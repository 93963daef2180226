"""Forms of rows: one by its fields, several at once as a file or as pasted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from optimizer.core.problems import Refused
from optimizer.core.programs.signature import Value, written
from optimizer.datasets.splitting import Split
from optimizer.datasets.table import MAX_BYTES
from optimizer.sentences import sentence
from promptlab.datasets import queries
from promptlab.datasets.forms import ACCEPTED, SHOWN_PROBLEMS, FileForm
from promptlab.datasets.models import Dataset, DatasetExample
from promptlab.datasets.versions import LONGEST_NOTE, NewRow
from promptlab.ui.forms import FileDrop
from promptlab.ui.value_field import ValueField


class NoteField(forms.CharField):
    """What people read of a version."""

    def __init__(self) -> None:
        super().__init__(label=_("Note"), required=False, max_length=LONGEST_NOTE)


class RowForm(forms.Form):
    """A row by the dataset's fields: `input-NAME`, `expected-NAME`, `metadata-NAME`."""

    def __init__(
        self,
        dataset: Dataset,
        row: DatasetExample | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, use_required_attribute=False)
        inputs, expected = queries.fields(dataset)
        now = row or DatasetExample(inputs={}, expected={}, metadata={})
        for field in inputs:
            self._add(f"input-{field.name}", ValueField(field), now.inputs.get(field.name))
        for field in expected:
            made = ValueField(field, required=not field.nullable)
            made.label = _("%(name)s, expected") % {"name": field.shown}
            self._add(f"expected-{field.name}", made, now.expected.get(field.name))
        for name in queries.metadata_names(dataset):
            kept = forms.CharField(label=_("%(name)s, metadata") % {"name": name}, required=False)
            self._add(f"metadata-{name}", kept, now.metadata.get(name))
        self.row = row
        self.fields["split"] = forms.ChoiceField(
            label=_("Split"), required=False, initial=row.split if row else "",
            choices=[*([] if row else [("", _("train, or that of a row with the same inputs"))]),
                     *((split.value, split.value) for split in Split)],
        )  # fmt: skip
        self.fields["note"] = NoteField()
        self.fields["seen"] = forms.IntegerField(
            widget=forms.HiddenInput, required=False, initial=row.since if row else 0
        )

    def _add(self, name: str, field: forms.Field, value: Value) -> None:
        field.initial = "" if value is None else written(value)
        self.fields[name] = field

    def new_row(self) -> NewRow:
        """What a valid form says."""
        split = self.cleaned_data["split"]
        return NewRow(
            self._part("input"), self._part("expected"),
            Split(split) if split else None, self._metadata(),
        )  # fmt: skip

    def _part(self, prefix: str) -> dict[str, Value]:
        start = f"{prefix}-"
        return {
            name.removeprefix(start): value
            for name, value in self.cleaned_data.items()
            if name.startswith(start)
        }

    def _metadata(self) -> dict[str, Value]:
        """What was not touched stays what it is; a text that is empty is nothing."""
        before = self.row.metadata if self.row else {}
        found = {
            name: before[name] if name in before and written(before[name]) == text else text
            for name, text in self._part("metadata").items()
            if text
        }
        return {**{k: v for k, v in before.items() if f"metadata-{k}" not in self.fields}, **found}

    def add_refusal(self, refusal: Refused) -> None:
        """Say each problem beside the field that it is about."""
        for wrong in refusal.problems[:SHOWN_PROBLEMS]:
            name = wrong.place.rpartition(".")[2]
            at = next(
                (f"{p}-{name}" for p in ("input", "expected") if f"{p}-{name}" in self.fields), None
            )
            self.add_error(at or ("split" if wrong.place == "split" else None), sentence(wrong))


class RowsForm(FileForm):
    """Further rows as a file, or as they were pasted."""

    pasted = forms.CharField(
        label=_("Paste rows"),
        required=False,
        max_length=MAX_BYTES // 10,
        strip=False,
        help_text=_("From a spreadsheet, or as CSV or JSON lines; with the names of the columns."),
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono", "spellcheck": "false"}),
    )

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.auto_id = "id_rows_%s"  # another form of the page has some of the names
        self.fields["file"] = forms.FileField(
            label=_("Or choose a file"), required=False, widget=FileDrop(accept=ACCEPTED)
        )
        self.fields["note"] = NoteField()

    field_order = ("pasted", "file", "note")

    def clean_file(self) -> Any:
        return super().clean_file() if self.cleaned_data["file"] else None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("file") and not data.get("pasted", "").strip():
            raise ValidationError(_("Paste rows, or choose a file."))
        return data

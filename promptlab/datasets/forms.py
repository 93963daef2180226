"""Forms of datasets: the file, then columns and split."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from optimizer.core.problems import Refused
from optimizer.core.programs.signature import FieldType
from optimizer.datasets.columns import Column, Role, Use, use_of
from optimizer.datasets.encodings import CHOICES
from optimizer.datasets.mapping import Mapping as ColumnMapping
from optimizer.datasets.mapping import RowFilter, of_use
from optimizer.datasets.reading import too_large
from optimizer.datasets.splitting import Repeats, Split, SplitPlan, split_named
from optimizer.datasets.table import MAX_BYTES, Options
from optimizer.sentences import sentence
from promptlab.datasets.models import Upload
from promptlab.datasets.sandboxed_reader import Found
from promptlab.datasets.shown import ShownColumn, shown_column
from promptlab.ui.forms import FileDrop, FilesDrop, NameField

ACCEPTED = (
    ".csv,.tsv,.tab,.ssv,.txt,.json,.jsonl,.ndjson,.yaml,.yml,"
    ".xlsx,.xlsm,.xlsb,.xls,.ods,.parquet,.gz,.bz2,.xz,.zip"
)
BY_SHARE, BY_COLUMN = "share", "column:"
SHOWN_PROBLEMS = 10


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        widget=FileDrop(
            accept=ACCEPTED,
            hint=_("CSV, TSV, JSONL, JSON, XLSX, XLS, ODS or Parquet, also packed, up to 50 MB"),
        ),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("The file is empty. Choose one with column names and rows."),
        },
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise ValidationError(sentence(too_large(file.size)))
        return file


class FilesField(forms.FileField):
    """One file or several, as a list."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = data if isinstance(data, list) else [data]
        return [super(FilesField, self).clean(each, initial) for each in given or [None]]


class FilesForm(FileForm):
    """The first step of a new dataset: its file, or those of its splits."""

    again = forms.BooleanField(label=_("Import it again"), required=False)

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        one = self.base_fields["file"]
        self.fields["again"].widget = forms.HiddenInput()
        self.fields["file"] = FilesField(
            label=_("File"),
            error_messages=one.error_messages,
            widget=FilesDrop(
                accept=ACCEPTED,
                hint=_(
                    "CSV, TSV, JSONL, JSON, XLSX, XLS, ODS or Parquet, also packed, up to 50 MB; "
                    "or several, one for each split"
                ),
                attrs={"multiple": True},
            ),
        )

    field_order = ("file", "again")

    def ask_again(self) -> None:
        """Only where a file is known is it asked for."""
        self.fields["again"].widget = forms.CheckboxInput()

    def clean_file(self) -> Any:
        files = self.cleaned_data["file"]
        size = sum(file.size for file in files)
        if size > MAX_BYTES:
            raise ValidationError(sentence(too_large(size)))
        return files


class ReadingForm(forms.Form):
    """How to read the file, where the guess was wrong."""

    encoding = forms.ChoiceField(
        label=_("Encoding"), required=False, choices=[("", _("As found")), *CHOICES.items()]
    )
    delimiter = forms.CharField(
        label=_("Delimiter"),
        required=False,
        max_length=8,
        strip=False,
        help_text=_("One character, or “tab”. Empty: as found."),
        widget=forms.TextInput(attrs={"class": "short mono", "spellcheck": "false"}),
    )
    sheet = forms.CharField(
        label=_("Sheet"),
        required=False,
        max_length=255,
        help_text=_("Of a workbook, or a file of an archive. Empty: as found."),
    )
    has_header = forms.BooleanField(label=_("The first row has the column names"), required=False)
    literal_quotes = forms.BooleanField(
        label=_("Quotation marks are a part of the text"), required=False
    )

    flatten = forms.BooleanField(label=_("Objects in JSON objects become columns"), required=False)
    together = forms.BooleanField(label=_("Files of an archive are one table"), required=False)

    @classmethod
    def of(cls, upload: Upload) -> ReadingForm:
        """How it was read, or tried."""
        read = asdict(upload.options)
        return cls({**read, "literal_quotes": not read["quoting"]})

    def options(self) -> Options:
        told = self.cleaned_data
        return Options(
            told["encoding"],
            told["has_header"],
            told["delimiter"],
            not told["literal_quotes"],
            told["sheet"],
            told["flatten"],
            told["together"],
        )


class MappingForm(forms.Form):
    """Columns and split of an upload. The fields of column 3 are role-3, type-3 and field-3."""

    name = NameField(label=_("Name of the dataset"))
    unusable = forms.ChoiceField(
        label=_("Rows that cannot be used"),
        choices=[("skip", _("Skip them")), ("stop", _("Stop, so that I can correct the file"))],
        initial="skip",
        widget=forms.RadioSelect,
    )
    split_column = forms.ChoiceField(label=_("Splits"))
    train = forms.IntegerField(label=_("Train, %"), min_value=1, max_value=99)
    validation = forms.IntegerField(label=_("Validation, %"), min_value=1, max_value=99)
    test = forms.IntegerField(label=_("Test, %"), min_value=0, max_value=98)
    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=2**31 - 1)
    stratify = forms.BooleanField(
        label=_("Every label in every split"),
        required=False,
        help_text=_("Spreads the values of the first expected choice evenly."),
    )
    names = forms.CharField(
        label=_("What its values mean"),
        required=False,
        max_length=2000,
        help_text=_("Where they are other words: “old.csv = train, new.csv = test”."),
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false"}),
    )
    group = forms.ChoiceField(
        label=_("Stays together"),
        required=False,
        help_text=_("Rows with the same value come into one split: a conversation, a customer."),
    )
    repeats = forms.ChoiceField(
        label=_("Rows that nearly repeat one of another split"),
        required=False,
        choices=[
            (Repeats.KEEP.value, _("Keep them")),
            (Repeats.TOGETHER.value, _("Deal them into one split")),
            (Repeats.REMOVE.value, _("Leave them out, where they are not scored last")),
        ],
        help_text=_("Test keeps them, then validation. Up to 20,000 rows are compared so."),
    )
    only_column = forms.ChoiceField(label=_("Only rows where"), required=False)
    only_value = forms.CharField(label=_("is"), required=False, max_length=200)

    def __init__(self, found: Found, name: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=_guesses(found, name))
        self.found = found
        for number, column in enumerate(found.columns):
            self._add_column(number, column)
        named = [
            (BY_COLUMN + c.name, _("As column “%(name)s” says") % {"name": c.name})
            for c in found.columns
        ]
        self.fields["split_column"] = forms.ChoiceField(
            label=_("Splits"), choices=[(BY_SHARE, _("Deal out by share")), *named]
        )
        columns = [("", _("no column")), *((c.name, c.name) for c in found.columns)]
        for name in ("group", "only_column"):
            self.fields[name].choices = columns  # type: ignore[attr-defined]
        for share in Split:
            self.fields[share.value].widget.attrs["class"] = "short"
        self.fields["seed"].widget.attrs["class"] = "short"

    def _add_column(self, number: int, column: Column) -> None:
        self.fields[f"role-{number}"] = forms.ChoiceField(
            label=_("Use of %(name)s") % {"name": column.name},
            choices=[(role.value, _ROLES[role]) for role in Role],
        )
        self.fields[f"type-{number}"] = forms.ChoiceField(
            label=_("Type of %(name)s") % {"name": column.name},
            choices=[(kind.value, kind.value) for kind in FieldType],
        )
        self.fields[f"field-{number}"] = forms.CharField(
            label=_("Field name of %(name)s") % {"name": column.name},
            max_length=64,
            required=False,
            widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false"}),
        )
        if column.missing:
            self.fields[f"nullable-{number}"] = forms.BooleanField(
                label=_("Empty is null"), required=False
            )

    @property
    def has_doubts(self) -> bool:
        """Whether a person should look at what some columns are for."""
        return any(column.doubt for column in self.found.columns)

    @property
    def is_special(self) -> bool:
        """Whether more is said of the splits than most say."""
        return any(self[name].value() for name in ("names", "group", "only_column"))

    def columns(self) -> list[ShownColumn]:
        return [shown_column(self, column, n) for n, column in enumerate(self.found.columns)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        shares = [data[split.value] for split in Split if split.value in data]
        if (
            data.get("split_column") == BY_SHARE
            and len(shares) == len(Split)
            and sum(shares) != 100
        ):
            told = _("The three shares make %(sum)s %%; they must make 100 %%.")
            self.add_error("train", told % {"sum": sum(shares)})
        return data

    def mapping(self) -> ColumnMapping:
        """What a valid form says."""
        told = self.cleaned_data
        only = RowFilter(told["only_column"], told["only_value"]) if told["only_column"] else None
        return ColumnMapping(self._uses(), self._plan(), only)

    def clean_names(self) -> tuple[tuple[str, Split], ...]:
        """“old.csv = train, new.csv = test” as pairs."""
        found = []
        for part in filter(str.strip, re.split(r"[,;\n]", self.cleaned_data["names"])):
            value, _equals, said = part.rpartition("=")
            split = split_named(said)
            if not value.strip() or split is None:
                told = _("“%(part)s” does not say which split: write “value = train”.")
                raise ValidationError(told % {"part": part.strip()})
            found.append((value.strip(), split))
        return tuple(found)

    def _uses(self) -> tuple[Use, ...]:
        data = self.cleaned_data
        return tuple(
            use_of(
                column,
                Role(data[f"role-{n}"]),
                data[f"field-{n}"].strip(),
                FieldType(data[f"type-{n}"]),
                data.get(f"nullable-{n}", False),
            )
            for n, column in enumerate(self.found.columns)
        )

    def _plan(self) -> SplitPlan:
        data = self.cleaned_data
        by = data["split_column"]
        return SplitPlan(
            data["train"],
            data["validation"],
            data["test"],
            data["seed"],
            data["stratify"],
            "" if by == BY_SHARE else by.removeprefix(BY_COLUMN),
            data["group"],
            data["names"],
            Repeats(data["repeats"] or Repeats.KEEP),
        )

    @property
    def skips(self) -> bool:
        return bool(self.cleaned_data["unusable"] == "skip")

    def add_refusal(self, refusal: Refused) -> None:
        """Say each problem beside the field that it is about."""
        fields = {
            of_use(name, part): f"{part or 'role'}-{number}"
            for number, name in enumerate(self.found.names)
            for part in ("", "field", "type")
        }
        fields |= {name: name for name in ("name", "unusable")}
        for wrong in refusal.problems[:SHOWN_PROBLEMS]:
            place = "unusable" if wrong.place.startswith("rows[") else wrong.place
            self.add_error(fields.get(place), sentence(wrong))


class NameForm(forms.Form):
    name = NameField(label=_("Name"))


_ROLES = {
    Role.INPUT: _("input"),
    Role.EXPECTED: _("expected"),
    Role.METADATA: _("metadata"),
    Role.FEEDBACK: _("feedback"),
    Role.IGNORED: _("ignored"),
}


def _guesses(found: Found, name: str) -> dict[str, Any]:
    plan = SplitPlan()
    guesses: dict[str, Any] = {
        "name": name,
        "split_column": next(
            (BY_COLUMN + c.name for c in found.columns if c.names_split), BY_SHARE
        ),
        "train": plan.train,
        "validation": plan.validation,
        "test": plan.test,
        "seed": plan.seed,
        "stratify": True,
        "names": "",
        "group": "",
        "repeats": Repeats.KEEP.value,
        "only_column": "",
        "only_value": "",
    }
    for number, column in enumerate(found.columns):
        guesses[f"role-{number}"] = column.role.value
        guesses[f"type-{number}"] = column.type.value
        guesses[f"field-{number}"] = column.field
        guesses[f"nullable-{number}"] = column.nullable
    return guesses

"""New programs: from a dataset's columns, in two steps, empty, or from a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files import File
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.modules import MODULE_KINDS, standard_kind
from optimizer.core.problems import Problem, Refused
from optimizer.core.programs.program import Program
from optimizer.files import program_file
from optimizer.files.program_file import ProgramFile
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.programs import services, starters
from promptlab.programs.kinds import beginnings, prompt_choices
from promptlab.programs.models import Program as ProgramRow
from promptlab.programs.passages import newest_corpus
from promptlab.programs.starters import FirstStep
from promptlab.ui.forms import (
    LONGEST_NAME,
    CardRadios,
    Choice,
    CodeTextarea,
    FileDrop,
    NameField,
    nothing_unseen,
)

FILE_LIMIT = 2_000_000  # bytes


def _name_field(**options: Any) -> NameField:
    return NameField(label=gettext_lazy("Name"), **options)


class NewForm(forms.Form):
    """A name, and a program to store under it."""

    def __init__(self, project: Project, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.project = project

    @property
    def core(self) -> Program:
        """The program of a valid form."""
        raise NotImplementedError

    @property
    def told(self) -> tuple[Problem, ...]:
        """What to know of the program of a valid form."""
        return ()

    def sketch(self, dataset: Dataset | None) -> Program | None:
        """What would be made now, as far as it is chosen."""
        return None


class ColumnsForm(NewForm):
    dataset = forms.ModelChoiceField(
        label=gettext_lazy("Dataset"), queryset=Dataset.objects.none(), empty_label=None
    )
    name = _name_field()
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=prompt_choices,
        widget=CardRadios,
        initial=lambda: standard_kind().kind,
    )

    def __init__(self, project: Project, *args: Any, **options: Any) -> None:
        super().__init__(project, *args, **options)
        _offer(self, "dataset", project.datasets.all())

    @property
    def core(self) -> Program:
        found = self.sketch(self.cleaned_data["dataset"])
        assert found is not None  # the dataset is required
        return found

    def sketch(self, dataset: Dataset | None) -> Program | None:
        kind = self["kind"].value()
        if dataset is None or kind not in MODULE_KINDS:
            return None
        inputs, outputs = _columns(dataset)
        return starters.one_module(dataset.name, inputs, outputs, MODULE_KINDS[kind])


class StepsForm(NewForm):
    first = forms.ChoiceField(
        label=gettext_lazy("How"),
        widget=CardRadios,
        initial=FirstStep.SUMMARIZE.value,
        choices=[
            (
                FirstStep.SUMMARIZE.value,
                Choice(
                    gettext_lazy("Summarize"),
                    gettext_lazy("Shortens long or rambling text, then decides."),
                ),
            ),
            (
                FirstStep.EXTRACT.value,
                Choice(
                    gettext_lazy("Extract facts"),
                    gettext_lazy("Lists what matters, then decides from the list."),
                ),
            ),
            (
                FirstStep.SORT.value,
                Choice(
                    gettext_lazy("Say what it is about"),
                    gettext_lazy("Finds out what is wanted, then drafts the answer for it."),
                ),
            ),
            (
                FirstStep.DRAFT.value,
                Choice(
                    gettext_lazy("Draft, then check"),
                    gettext_lazy("Answers, then checks the answer against the inputs."),
                ),
            ),
            *((name, Choice(begins.label, begins.about)) for name, begins in beginnings().items()),
        ],
    )
    dataset = forms.ModelChoiceField(
        label=gettext_lazy("Dataset"),
        queryset=Dataset.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: one text in, one answer out"),
        help_text=gettext_lazy("Its columns become the program's inputs and outputs."),
    )
    name = _name_field()

    def __init__(self, project: Project, *args: Any, **options: Any) -> None:
        super().__init__(project, *args, **options)
        _offer(self, "dataset", project.datasets.all())

    @property
    def core(self) -> Program:
        found = self.sketch(self.cleaned_data["dataset"])
        assert found is not None  # the first step is required
        return found

    def sketch(self, dataset: Dataset | None) -> Program | None:
        first = self["first"].value()
        inputs, outputs = _columns(dataset) if dataset else (starters.TEXT, starters.ANSWER)
        if first in list(FirstStep):
            return starters.two_steps("", FirstStep(first), inputs, outputs)
        begins = beginnings().get(first)
        return begins.make(inputs, outputs, newest_corpus(self.project)) if begins else None


class BlankForm(NewForm):
    name = _name_field()

    @property
    def core(self) -> Program:
        return starters.blank(self.cleaned_data["name"])


class FileForm(NewForm):
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=FileDrop(
            accept=".json,.yaml,.yml,application/json",
            hint=gettext_lazy("a program file, a version, or promptfoo's, up to 2 MB"),
        ),
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste it"),
        required=False,
        widget=CodeTextarea(attrs={"rows": 10}),
    )
    onto = forms.ModelChoiceField(
        label=gettext_lazy("Read onto"),
        queryset=ProgramRow.objects.none(),
        required=False,
        empty_label=gettext_lazy("It is a program by itself"),
        help_text=gettext_lazy(
            "For a state that DSPy saved: the program whose modules are called like its "
            "predictors. A new one is made of it."
        ),
    )
    name = _name_field(
        required=False, help_text=gettext_lazy("When empty, the name that the file gives.")
    )
    faults: tuple[tuple[str, str], ...] = ()
    """What is wrong in the file: places, each with its sentence."""

    def __init__(self, project: Project, *args: Any, **options: Any) -> None:
        super().__init__(project, *args, **options)
        self.fields["onto"].queryset = project.programs.all()  # type: ignore[attr-defined]

    def clean_file(self) -> File[Any] | None:
        file: File[Any] | None = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > FILE_LIMIT:
            raise forms.ValidationError(_("The file is larger than 2 MB: that is no program."))
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        text = self._text(cleaned)
        if text is None:
            return cleaned
        if not text.strip():
            self.add_error("file", _("Choose a file, or paste the program below."))
            return cleaned
        try:
            onto = cleaned.get("onto")
            cleaned["read"] = file = program_file.read_file(text, onto.core if onto else None)
        except Refused as refusal:
            self.faults = tuple((p.place, sentence(p)) for p in refusal.problems)
            self.add_error(
                "text" if cleaned.get("text") else "file", _("This is not a program yet.")
            )
            return cleaned
        given = services.name_of(self.project, file)[:LONGEST_NAME]
        cleaned["name"] = cleaned.get("name") or given
        if not cleaned["name"]:
            self.add_error("name", _("The file gives no name: type one."))
            return cleaned
        try:
            nothing_unseen(cleaned["name"])
        except forms.ValidationError as error:
            self.add_error("name", error)
        return cleaned

    def _text(self, cleaned: dict[str, Any]) -> str | None:
        file = cleaned.get("file")
        if file is None:
            return str(cleaned.get("text") or "")
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            self.add_error("file", _("The file is not UTF-8 text: save it as UTF-8."))
            return None

    @property
    def core(self) -> Program:
        return self._read.program

    @property
    def told(self) -> tuple[Problem, ...]:
        return self._read.told

    @property
    def _read(self) -> ProgramFile:
        read: ProgramFile = self.cleaned_data["read"]
        return read


def _offer(form: forms.Form, name: str, rows: QuerySet[Dataset]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows


def _columns(dataset: Dataset) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    inputs, expected = datasets.fields(dataset)
    return inputs, expected or starters.ANSWER

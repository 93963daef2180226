"""The form of one part of a metric: what it judges, by which kind, and how it counts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.evaluation.metric import Metric as CoreMetric
from optimizer.core.evaluation.program_metric import ProgramMetric
from optimizer.core.metrics.parts import Counts, Part
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.metrics.kinds import KINDS, kind_choices
from promptlab.metrics.queries import Names
from promptlab.providers.fields import EmbeddingModelField, OwnModelField, model_in
from promptlab.ui.forms import LONGEST_NAME, FoldedRadios, nothing_unseen, refuse_name


class PartForm(forms.Form):
    """One part. `names` are what can be compared; `several`: whether there are others beside it."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        widget=FoldedRadios(gettext_lazy("Other kinds")),
        choices=kind_choices,
    )
    output = forms.CharField(
        label=gettext_lazy("Output"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("Its output that is judged."),
    )
    expected = forms.CharField(
        label=gettext_lazy("Expected"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("The column it is compared with."),
    )
    part = forms.CharField(
        label=gettext_lazy("Part"),
        max_length=LONGEST_NAME,
        required=False,
        validators=[nothing_unseen],
        help_text=gettext_lazy("What its score is called."),
    )
    counts = forms.TypedChoiceField(
        label=gettext_lazy("It counts"),
        coerce=Counts,
        empty_value=Counts.WEIGHTED,
        required=False,
        initial=Counts.WEIGHTED.value,
        choices=[
            (Counts.WEIGHTED.value, gettext_lazy("by its weight")),
            (Counts.MUST.value, gettext_lazy("as a must: without it the whole is 0")),
            (Counts.SHOWN.value, gettext_lazy("not at all; it is shown")),
        ],
    )
    weight = forms.FloatField(
        label=gettext_lazy("Weight"),
        required=False,
        min_value=0,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "short", "step": "any"}),
        help_text=gettext_lazy("Beside those of the other parts."),
    )
    holds_from = forms.FloatField(
        label=gettext_lazy("Holds from"),
        required=False,
        min_value=0,
        max_value=1,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "short", "step": "0.05"}),
        help_text=gettext_lazy("The score from which a must is kept."),
    )
    ABOUT_PARTS = ("part", "counts", "weight", "holds_from")

    def __init__(
        self,
        project: Project,
        names: Names,
        data: QueryDict | None = None,
        *,
        prefix: str | None = None,
        initial: dict[str, Any] | None = None,
        several: bool = True,
    ) -> None:
        super().__init__(data, prefix=prefix, initial=initial or {}, use_required_attribute=False)
        self.names, self.several = names, several
        self.chosen_kind = KINDS.get(str(self["kind"].value()))
        self.fields |= self.chosen_kind.form_fields() if self.chosen_kind else {}
        for name, field in self.fields.items():
            stored = self.initial.get(name)
            stored = None if isinstance(stored, str) else stored  # it is only typed so far
            if isinstance(field, EmbeddingModelField):
                field.offer(project, model_in(stored) if stored else None)
            elif isinstance(field, OwnModelField):
                field.offer(project, stored)
        if self.chosen_kind:
            self._ask_less(self.chosen_kind.core)
        if several:
            self._be_short()
        for name, offered in (("output", names.outputs), ("expected", names.expected)):
            optional = not self.fields[name].required
            none = _("None: it is compared with nothing") if optional else _("Choose…")
            _offer(self, name, offered, none)

    def _ask_less(self, core: type[CoreMetric]) -> None:
        """Ask for no name that the kind can do without."""
        self.fields["output"].required = core.needs_output
        self.fields["expected"].required = core.needs_expected

    def _be_short(self) -> None:
        """Of several parts each is said in few lines, and asked only what it makes use of."""
        self.fields["kind"].widget = forms.Select(choices=kind_choices())
        counts = str(self["counts"].value())
        unused = {"weight": Counts.WEIGHTED, "holds_from": Counts.MUST}
        for name, where in unused.items():
            if counts != where.value:
                self.fields[name].widget = forms.HiddenInput()

    def clean_output(self) -> str:
        return _known(self.cleaned_data["output"], self.names.outputs, "name.output")

    def clean_expected(self) -> str:
        return _known(self.cleaned_data["expected"], self.names.expected, "name.column")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            for fault in KINDS[cleaned["kind"]].check(self.metric):
                self.add_error(fault.place, sentence(fault))
        return cleaned

    @property
    def own(self) -> list[forms.BoundField]:
        """What the chosen kind asks besides."""
        return [self[name] for name in self.chosen_kind.fields] if self.chosen_kind else []

    @property
    def is_judge(self) -> bool:
        """Whether a model judges."""
        return self.chosen_kind is not None and issubclass(self.chosen_kind.core, ProgramMetric)

    @property
    def shown(self) -> list[forms.BoundField]:
        """The two names, as far as its kind knows what to do with them."""
        core = self.chosen_kind.core if self.chosen_kind else CoreMetric
        asked = {"output": core.knows_output, "expected": core.knows_expected}
        return [self[name] for name, known in asked.items() if known]

    @property
    def options_open(self) -> bool:
        """Whether an option of its kind was chosen, so that the rest is shown, too."""
        return any(field.value() not in (None, "", []) or field.errors for field in self.own)

    @property
    def metric(self) -> CoreMetric:
        return self._metric(self._or("holds_from", 1.0))

    def _metric(self, threshold: float) -> CoreMetric:
        cleaned, kind = self.cleaned_data, KINDS[self.cleaned_data["kind"]]
        asked = {name: cleaned[name] for name in kind.fields if cleaned.get(name) is not None}
        output = cleaned["output"] if kind.core.knows_output else ""
        expected = cleaned["expected"] if kind.core.knows_expected else ""
        return kind.core(output, expected, threshold=threshold, **asked)

    @property
    def core_part(self) -> Part:
        counts = self.cleaned_data.get("counts") or Counts.WEIGHTED
        name = self.cleaned_data.get("part") or self.stem
        return Part(name, self.metric, self._or("weight", 1.0), counts)

    def _or(self, name: str, otherwise: float) -> float:
        found = self.cleaned_data.get(name)
        return otherwise if found is None else float(found)

    @property
    def stem(self) -> str:
        """What it is called while nobody has named it."""
        label = str(self.chosen_kind.label) if self.chosen_kind else ""
        output = str(self["output"].value() or "")
        told = _("%(kind)s of %(output)s") % {"kind": label, "output": output}
        return (told if output else label)[:LONGEST_NAME]

    @property
    def sketch(self) -> Part | None:
        """The part as far as it is filled in, for the test bench; None while it has no kind, or
        while a column is still to be chosen for it.
        """
        if self.chosen_kind is None:
            return None
        core = self.chosen_kind.core
        if core.needs_expected and not self["expected"].value():
            return None
        expected, output = (str(self[name].value() or "") for name in ("expected", "output"))
        said = dict(filter(None, map(_said, self.own)))
        about = dict(filter(None, (_said(self[name]) for name in self.ABOUT_PARTS)))
        holds = about.get("holds_from", 1.0)
        metric = core(
            output or ("answer" if core.needs_output else ""), expected, threshold=holds, **said
        )
        name = about.get("part") or self.stem
        weight, counts = about.get("weight", 1.0), about.get("counts") or Counts.WEIGHTED
        return Part(name, metric, weight, counts)


def _offer(form: forms.Form, name: str, names: tuple[str, ...] | None, none: str) -> None:
    """A select of these names; the present one stays among them. None: a name is typed."""
    if names is None:
        return
    present = str(form[name].value() or "")
    kept = (present,) if present and present not in names else ()
    choices = [("", none), *((n, n) for n in (*names, *kept))]
    form.fields[name].widget = forms.Select(choices=choices)


def _known(name: str, names: tuple[str, ...] | None, code: str) -> str:
    if not name:
        return name
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

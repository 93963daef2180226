"""How a module gets its demos: the same for every input, or for each the most alike of a pool."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.programs.demo import (
    Choosing,
    DemoPool,
    Demos,
    FixedDemos,
    NearestDemos,
    fixed_of,
    with_fixed,
)
from optimizer.core.programs.program import Module
from optimizer.core.programs.signature import FieldType
from promptlab.programs.models import Program
from promptlab.programs.pools import Pools, Source
from promptlab.programs.shown_demos import ShownNearest, shown_nearest
from promptlab.providers.fields import EmbeddingModelField
from promptlab.ui.forms import CardRadios, Choice

SAME, EACH = "same", "each"
USUAL, MOST = 4, 64
"""Demos for each input: what is offered first, and the most."""


class NearestForm(forms.Form):
    """What is sent without `way` leaves the choice as it is."""

    way = forms.ChoiceField(
        label=gettext_lazy("Which demos are shown"), required=False, widget=CardRadios,
        choices=[
            (SAME, Choice(
                gettext_lazy("The same demos for every input"),
                gettext_lazy("those written below; a provider can cache them"),
            )),
            (EACH, Choice(
                gettext_lazy("For each input the most alike of a pool"),
                gettext_lazy("after those written below; nothing from there on can be cached"),
            )),
        ],
    )  # fmt: skip
    pool = forms.ChoiceField(label=gettext_lazy("Pool"), required=False)
    k = forms.IntegerField(
        label=gettext_lazy("Demos for each input"), min_value=1, max_value=MOST, required=False,
        widget=forms.NumberInput({"class": "short", "min": 1, "max": MOST}),
    )  # fmt: skip
    choosing = forms.ChoiceField(
        label=gettext_lazy("How they are chosen"), required=False,
        choices=[
            (Choosing.NEAREST, gettext_lazy("the nearest")),
            (Choosing.DIVERSE, gettext_lazy("near ones that differ from one another")),
            (Choosing.BALANCED, gettext_lazy("of each label the nearest by turns")),
        ],
    )  # fmt: skip
    embedding = EmbeddingModelField(
        label=gettext_lazy("Alike by"), required=False,
        help_text=gettext_lazy(
            "By meaning, an embedding model is called once for every text that is new to it, when "
            "a prompt is made."
        ),
    )  # fmt: skip
    label = forms.ChoiceField(
        label=gettext_lazy("Label, where labels take turns"), required=False,
    )  # fmt: skip

    def __init__(
        self, program: Program, module: Module, data: QueryDict | None, redrawn: bool
    ) -> None:
        self.module, self.pools = module, Pools(program, module)
        self.sources = self.pools.sources
        prefix = "nearest"
        typed = {
            name: data.get(f"{prefix}-{name}")
            for name in self.base_fields
            if data is not None and f"{prefix}-{name}" in data
        }
        super().__init__(
            None if redrawn else data, prefix=prefix, initial={**self._saved(), **typed}
        )
        offered = [(s.value, s.label) for s in self.sources if not s.why_not]
        outputs = [(f.name, f.name) for f in module.signature.outputs]
        self.fields["pool"].choices = offered or [("", _("none yet"))]  # type: ignore[attr-defined]
        self.fields["label"].choices = outputs  # type: ignore[attr-defined]
        asked: EmbeddingModelField = self.fields["embedding"]  # type: ignore[assignment]
        asked.offer_meaning(program.project, self.initial.get("embedding"))
        self._made: DemoPool | None = None

    def _saved(self) -> dict[str, Any]:
        """The form as the module stands, or stood before its demos became the same for all."""
        demos = self.module.demos
        how = demos if isinstance(demos, NearestDemos) else self.pools.before
        kinds = (FieldType.CHOICE, FieldType.BOOLEAN)
        label = next((f.name for f in self.module.signature.outputs if f.type in kinds), "")
        found: dict[str, Any] = {"way": EACH if how is demos else SAME, "k": USUAL, "label": label}
        if how is not None:
            found |= {"k": how.k, "choosing": str(how.choosing), "label": how.label or label}
            found["embedding"] = how.embedding
        return found

    @property
    def offers_meaning(self) -> bool:
        """Whether there is an embedding model to choose, or was."""
        return len(self.fields["embedding"].choices) > 1  # type: ignore[attr-defined]

    @property
    def refused(self) -> list[Source]:
        """Datasets that no pool can be made of, and why."""
        return [source for source in self.sources if source.why_not]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("way") != EACH or self.errors:
            return cleaned
        self._made = self.pools.pool(cleaned.get("pool") or "")
        size = len(self._made.demos) if self._made else 0
        if not size:
            self.add_error(
                "pool",
                _("No demo can be made of these rows: choose another dataset, or the same demos "
                  "for every input."),
            )  # fmt: skip
        elif (cleaned.get("k") or USUAL) > size:
            self.add_error("k", _("The pool has %(n)s demos: choose fewer.") % {"n": size})
        return cleaned

    def demos(self, fixed: FixedDemos) -> Demos:
        """What the valid form says, with these demos that are shown with every input."""
        way = self.cleaned_data.get("way")
        if not way:
            return with_fixed(self.module.demos, fixed)
        if way == SAME or self._made is None:
            return fixed
        choosing = Choosing(self.cleaned_data.get("choosing") or Choosing.NEAREST)
        label = self.cleaned_data.get("label") or "" if choosing is Choosing.BALANCED else ""
        k = self.cleaned_data.get("k") or USUAL
        embedding = self.cleaned_data.get("embedding")
        return NearestDemos(k, self._made, choosing, label, fixed, embedding)

    @property
    def look(self) -> ShownNearest | None:
        """What is typed, in words and tokens; None where it is wrong or chooses nothing."""
        if not self.is_valid():
            return None
        return shown_nearest(self.module, self.demos(fixed_of(self.module.demos)), "")

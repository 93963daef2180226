"""The form of one module: what it is called, what it does, what it takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from optimizer.core.modules import standard_kind
from optimizer.core.programs.calls import INPUT
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Signature, unknown_placeholders
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.programs import edits, models
from promptlab.programs.forms.fields import (
    FieldForm,
    fields_of,
    refuse_twice,
    renamed_in,
    rows_of,
)
from promptlab.programs.kinds import KINDS, kind_choices
from promptlab.programs.kinds.kind import RowsOf
from promptlab.programs.rows import Rows, faults_of, rows_after, wants_change
from promptlab.ui.forms import CardRadios, PromptTextarea, Unnamed, refuse_name
from promptlab.ui.value_field import plain_lines

_KEPT = ("locked", "frozen_instruction", "frozen_demos")


class ModuleForm(forms.Form):
    """A module of `program`; `former` is the one that is being changed, None for a new one."""

    revision = forms.IntegerField(widget=Unnamed)
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=64,
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "As it is called in the drawing and in exports: classify, draft_reply."
        ),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=kind_choices, widget=CardRadios)
    instruction = forms.CharField(
        label=gettext_lazy("Instruction"),
        required=False,
        max_length=50_000,
        widget=PromptTextarea,
        help_text=gettext_lazy(
            "What the model is to do. {field} speaks of a field of this module; "
            "its value follows below the instruction."
        ),
    )
    description = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=500,
        help_text=gettext_lazy(
            "What the module is for. The model that writes instructions reads it."
        ),
    )
    locked = forms.CharField(
        label=gettext_lazy("Phrases to keep"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "One per line, word for word as in the instruction. Every instruction that an "
            "optimizer tries has them."
        ),
    )
    frozen_instruction = forms.BooleanField(
        label=gettext_lazy("Leave the instruction as it is"),
        required=False,
        help_text=gettext_lazy("No optimizer writes another one."),
    )
    frozen_demos = forms.BooleanField(
        label=gettext_lazy("Leave the demos as they are"),
        required=False,
        help_text=gettext_lazy("No optimizer adds or removes any; without demos it stays so."),
    )

    def __init__(
        self, row: models.Program, former: Module | None, revision: int,
        data: QueryDict | None = None,
    ) -> None:  # fmt: skip
        self.program, self.former = row.core, former
        data = None if data is None else _with_unasked(data)
        redrawn = data is not None and wants_change(data)
        bound = None if redrawn else data
        super().__init__(bound, initial=_initial(former, revision), use_required_attribute=False)
        self._be_of(str((data or self.initial).get("kind")), row.project)
        if redrawn and data is not None:
            self.initial = {name: data.get(name, "") for name in self.fields}
        self.inputs = _rows("inputs", former, data, redrawn)
        self.outputs = _rows("outputs", former, data, redrawn)
        self.lists = self._lists(data, redrawn, row.project)
        self.redrawn = redrawn
        if "instruction" in self.fields:
            self.fields["instruction"].widget.known = self._names()

    def _be_of(self, kind: str, project: Project) -> None:
        """Ask what modules of this kind are asked, in this project."""
        if kind in KINDS:
            self.fields |= KINDS[kind].form_fields()
            for name, offered in KINDS[kind].offer(project).items():
                self.fields[name].choices = self._with_present(name, offered)  # type: ignore[attr-defined]
            for name in KINDS[kind].meaningless:
                del self.fields[name]

    def _lists(
        self, data: QueryDict | None, redrawn: bool, project: Project
    ) -> dict[str, tuple[RowsOf, Rows[Any]]]:
        """The rows of what else modules of this kind have lists of."""
        kind = KINDS.get(str((data or self.initial).get("kind")))
        found: dict[str, tuple[RowsOf, Rows[Any]]] = {}
        for name, of in kind.rows.items() if kind else ():
            if data is not None and redrawn:
                rows = rows_after(of.form, name, data)
            else:
                initial = of.read(self.former) if self.former else []
                rows = Rows(of.form, name, data, initial=initial)
            for each in rows:
                each.offer(project)
            found[name] = of, rows
        return found

    @property
    def _every_row(self) -> list[Rows[Any]]:
        return [self.inputs, self.outputs, *(rows for _of, rows in self.lists.values())]

    def _with_present(
        self, name: str, offered: Sequence[tuple[str, str]]
    ) -> Sequence[tuple[str, str]]:
        """The choices; what stands there and is none of them stays, so that looking changes
        nothing.
        """
        present = self.fields[name].prepare_value(getattr(self.former, name, ""))
        if not present or present in dict(offered):
            return offered
        return [(present, _("%s (not in this project)") % str(present)[:40]), *offered]

    def _names(self) -> list[str]:
        """What an instruction may speak of: fields, and what else is a list of named things."""
        return [str(row["name"].value() or "") for rows in self._every_row for row in rows]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        refuse_name(name, "name.module")
        others = {m.name for m in self.program.modules if self.former is None or m != self.former}
        if name in others:
            raise forms.ValidationError(
                _("Another module is called “%s”: choose another name.") % name
            )
        if name == INPUT:
            raise forms.ValidationError(_("“input” stands for the program's own input."))
        return name

    def clean_instruction(self) -> str:
        return plain_lines(self.cleaned_data["instruction"])

    def clean_locked(self) -> tuple[str, ...]:
        lines = plain_lines(self.cleaned_data["locked"]).split("\n")
        return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def is_valid(self) -> bool:
        # Not `and`: every fault is to be shown at once.
        sound = [super().is_valid(), *(rows.is_valid() for rows in self._every_row)]
        return all(sound) and refuse_twice(self.inputs, self.outputs)

    def clean(self) -> dict[str, Any]:
        """What the kind itself says of the module, once all of it can be read."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and all(rows.is_valid() for rows in self._every_row):
            for fault in KINDS[cleaned["kind"]].check(self.module):
                self.add_error(fault.place, sentence(fault))
        return cleaned

    @property
    def module(self) -> Module:
        cleaned, former = self.cleaned_data, self.former
        kind = KINDS[cleaned["kind"]]
        asked = (*_KEPT, "description", *kind.fields)
        before = former.signature.instruction if former else ""
        return kind.core(
            name=cleaned["name"],
            signature=Signature(
                fields_of(self.inputs), fields_of(self.outputs), cleaned.get("instruction", before)
            ),
            demos=former.demos if former else (),
            **{name: cleaned[name] for name in asked if name in cleaned},
            **{name: of.make(rows.filled) for name, (of, rows) in self.lists.items()},
        )

    @property
    def own(self) -> list[forms.BoundField]:
        """Fields that only the chosen kind has."""
        return [self[name] for name in self.fields if name not in self.base_fields]

    @property
    def kept(self) -> list[forms.BoundField]:
        """What a run is to leave as it is."""
        return [self[name] for name in _KEPT if name in self.fields]

    @property
    def changed_program(self) -> Program:
        if self.former is None:
            return edits.add_module(self.program, self.module)
        return edits.replace_module(
            self.program,
            self.former.name,
            self.module,
            renamed_in(self.inputs),
            renamed_in(self.outputs),
        )

    @property
    def unknown(self) -> list[str]:
        """Placeholders in the instruction that name no field."""
        text = str(self["instruction"].value() or "") if "instruction" in self.fields else ""
        return unknown_placeholders(text, self._names())

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        return faults_of(self, *(row for rows in self._every_row for row in rows.filled))


def _with_unasked(data: QueryDict) -> QueryDict:
    """What was typed; what the form did not ask yet, as another kind was chosen, is as that kind
    begins.
    """
    kind = KINDS.get(data.get("kind", ""))
    found = data.copy()
    for name, own in kind.fields.items() if kind else ():
        if name not in data and own.initial is not None:
            found[name] = str(own.prepare_value(own.initial))
    return found


def _initial(former: Module | None, revision: int) -> dict[str, Any]:
    if former is None:
        return {"revision": revision, "kind": standard_kind().kind}
    own = {name: getattr(former, name) for name in KINDS[former.kind].fields}
    return own | {
        "revision": revision,
        "name": former.name,
        "kind": former.kind,
        "instruction": former.signature.instruction,
        "description": former.description,
        "locked": "\n".join(former.locked),
        "frozen_instruction": former.frozen_instruction,
        "frozen_demos": former.frozen_demos,
    }


def _rows(
    prefix: str, former: Module | None, data: QueryDict | None, redrawn: bool
) -> Rows[FieldForm]:
    if data is not None and redrawn:
        return rows_after(FieldForm, prefix, data)
    if former is None:
        return Rows(FieldForm, prefix, data, initial=[{}])
    fields = former.signature.inputs if prefix == "inputs" else former.signature.outputs
    return Rows(FieldForm, prefix, data, initial=rows_of(fields) or [{}])

"""Rows of a form that can be added and removed before anything is saved, with and without scripts.

A button named `add`, `remove` or `up` sends the whole form. It comes back with one row more, less
or higher, and with everything that was typed; nothing is checked until the form is saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from django import forms
from django.http import QueryDict

from promptlab.accounts.models import Project
from promptlab.ui.parameters import number_in

MOST_ROWS = 200


class RowForm(forms.Form):
    """One row. Blank rows are not saved; what stands in `beside` does not make a row filled."""

    beside: ClassVar[tuple[str, ...]] = ()

    def offer(self, project: Project) -> None:
        """Let choose among what the project has."""

    @property
    def is_blank(self) -> bool:
        return not any(field.value() for field in self if field.name not in self.beside)


F = TypeVar("F", bound=RowForm)


class Rows(Generic[F]):
    """Forms named `inputs-0-…`, `inputs-1-…`; a hidden `inputs-count` says how many there are."""

    def __init__(
        self,
        kind: type[F],
        prefix: str,
        data: QueryDict | None = None,
        initial: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.prefix = prefix
        count = len(initial) if data is None else _count(data, prefix)
        self.forms = [
            kind(
                data,
                prefix=f"{prefix}-{i}",
                initial=dict(initial[i]) if data is None else None,
                use_required_attribute=False,
            )
            for i in range(count)
        ]

    def focus_last(self) -> None:
        """The row that was just added is where the typing goes on."""
        if self.forms:
            first = next(f for f in self.forms[-1] if not f.is_hidden)
            first.field.widget.attrs["data-focus"] = ""

    def __iter__(self) -> Iterator[F]:
        return iter(self.forms)

    def __len__(self) -> int:
        return len(self.forms)

    @property
    def count_name(self) -> str:
        return f"{self.prefix}-count"

    @property
    def filled(self) -> list[F]:
        return [form for form in self.forms if not form.is_blank]

    def is_valid(self) -> bool:
        for form in self.filled:
            form.full_clean()  # all of them, so that every fault is shown
        return all(form.is_valid() for form in self.filled)


def rows_after(kind: type[F], prefix: str, data: QueryDict) -> Rows[F]:
    """The rows after the change that a button asked for."""
    rows = Rows(kind, prefix, initial=changed(kind, prefix, data))
    if data.get("add", "").partition("=")[0] == prefix:
        rows.focus_last()
    return rows


def wants_change(data: QueryDict) -> bool:
    """Whether a button of a row was pressed, and not the one that saves."""
    return any(button in data for button in ("add", "remove", "up"))


def changed(kind: type[RowForm], prefix: str, data: QueryDict) -> list[dict[str, Any]]:
    """The rows as typed, after the button's change.

    The buttons send `add=inputs` (or `add=inputs=its_name`), `remove=inputs-2` or `up=inputs-1`.
    """
    rows = [
        {
            name: field.widget.value_from_datadict(data, {}, f"{prefix}-{i}-{name}")
            for name, field in kind.base_fields.items()
        }
        for i in range(_count(data, prefix))
    ]
    added, _equals, named = data.get("add", "").partition("=")
    if added == prefix and len(rows) < MOST_ROWS:
        rows.append({"name": named})
    removed, raised = _index(data, "remove", prefix), _index(data, "up", prefix)
    if removed is not None and removed < len(rows):
        del rows[removed]
    if raised is not None and 0 < raised < len(rows):
        rows[raised - 1], rows[raised] = rows[raised], rows[raised - 1]
    return rows


def faults_of(*forms: forms.BaseForm) -> list[tuple[str, str, str]]:
    """Everything to correct: the id of the field, its label, the message."""
    found = []
    for form in forms:
        if not form.is_bound:
            continue
        found += [("", "", str(error)) for error in form.non_field_errors()]
        found += [
            (field.id_for_label, str(field.label), str(error))
            for field in form
            for error in field.errors
        ]
    return found


def _count(data: QueryDict, prefix: str) -> int:
    return min(number_in(data.get(f"{prefix}-count", "")) or 0, MOST_ROWS)


def _index(data: QueryDict, button: str, prefix: str) -> int | None:
    owner, _, number = data.get(button, "").rpartition("-")
    return number_in(number) if owner == prefix else None

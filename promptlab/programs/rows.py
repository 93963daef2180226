"""Rows of a form that can be added and removed before anything is saved, with and without scripts.

A button named `add`, `remove` or `up` sends the whole form; it comes back with one row more, less or
higher, and with everything that was typed. Nothing is checked until the form is saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from django import forms
from django.http import QueryDict

F = TypeVar("F", bound=forms.Form)
MOST_ROWS = 200


class Rows(Generic[F]):
    """Forms of one kind, named `inputs-0-…`, `inputs-1-…`; a hidden `inputs-count` says how many."""

    def __init__(
        self,
        kind: type[F],
        prefix: str,
        data: QueryDict | None = None,
        initial: Sequence[Mapping[str, Any]] = (),
        **options: Any,
    ) -> None:
        self.prefix, self.bound = prefix, data is not None
        count = len(initial) if data is None else _count(data, prefix)
        self.forms = [
            kind(
                data,
                prefix=f"{prefix}-{i}",
                initial=dict(initial[i]) if data is None else None,
                use_required_attribute=False,
                **options,
            )
            for i in range(count)
        ]

    def __iter__(self) -> Iterator[F]:
        return iter(self.forms)

    def __len__(self) -> int:
        return len(self.forms)

    @property
    def count_name(self) -> str:
        return f"{self.prefix}-count"

    def is_valid(self) -> bool:
        # Every row is checked, so that every fault is shown.
        return all([form.is_valid() or _is_blank(form) for form in self.forms])

    @property
    def filled(self) -> list[F]:
        """Rows that hold something."""
        return [form for form in self.forms if not _is_blank(form)]


def wants_change(data: QueryDict) -> bool:
    """Whether a button of a row was pressed, and not the one that saves."""
    return any(button in data for button in ("add", "remove", "up"))


def changed(kind: type[forms.Form], prefix: str, data: QueryDict) -> list[dict[str, Any]]:
    """The rows as typed, after the button's change: `add=inputs`, `remove=inputs-2`, `up=inputs-1`."""
    names = kind.base_fields
    rows = [
        {name: _typed(kind, f"{prefix}-{i}", name, data) for name in names}
        for i in range(_count(data, prefix))
    ]
    if data.get("add") == prefix and len(rows) < MOST_ROWS:
        rows.append({})
    removed, raised = _index(data, "remove", prefix), _index(data, "up", prefix)
    if removed is not None and removed < len(rows):
        del rows[removed]
    if raised is not None and 0 < raised < len(rows):
        rows[raised - 1], rows[raised] = rows[raised], rows[raised - 1]
    return rows


def _typed(kind: type[forms.Form], prefix: str, name: str, data: QueryDict) -> Any:
    field = kind.base_fields[name]
    return field.widget.value_from_datadict(data, {}, f"{prefix}-{name}")


def _count(data: QueryDict, prefix: str) -> int:
    given = data.get(f"{prefix}-count", "0")
    return min(int(given), MOST_ROWS) if given.isdecimal() else 0


def _index(data: QueryDict, button: str, prefix: str) -> int | None:
    owner, _, number = data.get(button, "").rpartition("-")
    return int(number) if owner == prefix and number.isdecimal() else None


def _is_blank(form: forms.Form) -> bool:
    """A row that nobody filled in: selects always hold something, and do not count."""
    return not any(
        field.value()
        for field in form
        if not isinstance(field.field, forms.ChoiceField) and field.name not in ("was", "revision")
    )

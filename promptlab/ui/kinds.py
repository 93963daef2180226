"""What pages say of a kind (of module, of metric), and what its form asks besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django import forms
from django.utils.functional import Promise

from promptlab.ui.forms import Choice

C = TypeVar("C")


@dataclass(frozen=True)
class Kind(Generic[C]):
    """A kind in words. `core` is its class, whose `kind` names it.

    `fields` are the form's fields for what not every kind has, by the name that `core` has for
    each.
    """

    core: type[C]
    label: str | Promise
    description: str | Promise
    fields: Mapping[str, forms.Field] = field(default_factory=dict)

    @property
    def name(self) -> str:
        name: str = self.core.kind  # type: ignore[attr-defined]
        return name

    def form_fields(self) -> dict[str, forms.Field]:
        """The fields, for one form."""
        return {name: deepcopy(asked) for name, asked in self.fields.items()}

    def settings_of(self, made: C) -> dict[str, Any]:
        """The values of these fields."""
        return {name: getattr(made, name) for name in self.fields}


def choices(kinds: Iterable[Kind[Any]]) -> list[tuple[str, Choice]]:
    """Kinds as a form offers them."""
    return [(kind.name, Choice(kind.label, kind.description)) for kind in kinds]

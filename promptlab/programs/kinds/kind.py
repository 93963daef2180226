"""What pages say of a module kind, and what its form asks besides."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from django import forms
from django.utils.functional import Promise

from optimizer.core.programs.program import Module


@dataclass(frozen=True)
class ModuleKind:
    """A kind in words.

    `fields` are the form's fields for what only this kind has, by the name that its module has
    for each.
    """

    module: type[Module]
    label: str | Promise
    description: str | Promise
    fields: Mapping[str, forms.Field] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.module.kind

    @property
    def meaningless(self) -> set[str]:
        """Fields of the form of every module that mean nothing to this kind."""
        words = {"instruction", "locked", "frozen_instruction"}
        found = set() if self.module.has_instruction else words
        return found if self.module.takes_demos else {*found, "frozen_demos"}

    def form_fields(self) -> dict[str, forms.Field]:
        """The fields, for one form."""
        return {name: deepcopy(asked) for name, asked in self.fields.items()}

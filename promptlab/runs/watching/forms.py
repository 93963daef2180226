"""New caps of a run."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms


class CapForm(forms.Form):
    """New caps of a run that goes on. Empty means none."""

    max_calls = forms.IntegerField(min_value=1, max_value=10_000_000, required=False)
    max_cost = forms.DecimalField(min_value=0, max_value=100_000, decimal_places=2, required=False)

    @property
    def micro_dollars(self) -> int | None:
        dollars = self.cleaned_data["max_cost"]
        return None if dollars is None else round(dollars * 1_000_000)


def first_error(form: forms.Form) -> str:
    """The first thing wrong in a form that has no page of its own."""
    errors: Sequence[str] = [str(e) for found in form.errors.values() for e in found]
    return errors[0] if errors else ""

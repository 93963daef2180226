"""What the forms of all kinds that are prompts ask besides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.prompted import HOTTEST, MOST_SAMPLES


class SamplesField(forms.IntegerField):
    """One where nothing is said."""

    def clean(self, value: Any) -> int:
        return super().clean(value) or 1


SAMPLING: dict[str, forms.Field] = {
    "samples": SamplesField(
        label=_("Samples"),
        required=False,
        min_value=1,
        max_value=MOST_SAMPLES,
        initial=1,
        help_text=_(
            "How many replies are drawn for each input. With more than one, its outputs are lists "
            "for a vote, and a temperature above 0 makes them differ."
        ),
    ),
    "temperature": forms.FloatField(
        label=_("Temperature"),
        required=False,
        min_value=0,
        max_value=HOTTEST,
        help_text=_("Empty: as the model is set. 0 gives the same reply each time."),
    ),
    "max_tokens": forms.IntegerField(
        label=_("Tokens of a reply, at most"),
        required=False,
        min_value=1,
        help_text=_("Empty: as the model is set, which is never passed."),
    ),
}

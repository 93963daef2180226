"""What the forms of all kinds that are prompts ask besides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.prompted import HOTTEST, MOST_SAMPLES
from optimizer.core.programs.layouts import Layout
from promptlab.accounts.models import Project
from promptlab.providers.fields import OwnModelField, own_model_choices


class SamplesField(forms.IntegerField):
    """One where nothing is said."""

    def clean(self, value: Any) -> int:
        return super().clean(value) or 1


def models_of(project: Project) -> dict[str, list[tuple[str, str]]]:
    """The project's models to choose from."""
    return {"model": own_model_choices(project)}


SAMPLING: dict[str, forms.Field] = {
    "model": OwnModelField(
        label=_("Model"),
        required=False,
        help_text=_("Another one than the run’s: a cheap one for an easy step, a strong one here."),
    ),
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
    "layout": forms.TypedChoiceField(
        label=_("Layout of the inputs"),
        choices=[
            (Layout.LINES.value, _("lines: a line for each input")),
            (Layout.TAGS.value, _("tags: each input between tags, lists numbered")),
            (Layout.JSON.value, _("JSON: one object")),
        ],
        coerce=Layout,
        empty_value=Layout.LINES,
        initial=Layout.LINES,
        required=False,
        help_text=_(
            "Between tags and in JSON no text can be taken for another input, and the form of the "
            "reply is said again last."
        ),
    ),
}

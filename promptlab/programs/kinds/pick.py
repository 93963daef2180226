from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.pick import Pick
from optimizer.core.programs.program import Module
from optimizer.core.programs.signature import Field, Signature
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.programs.kinds.prompted import SAMPLING, models_of


class NamesField(forms.CharField):
    """Names with commas or spaces between."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else ", ".join(value or ())

    def clean(self, value: Any) -> Any:
        said = super().clean(self.prepare_value(value))
        return tuple(dict.fromkeys(said.replace(",", " ").split()))


def _begun(module: Module) -> Module:
    """Told to do what it is for, where it has no instruction yet."""
    assert isinstance(module, Pick)
    if module.signature.instruction:
        return module
    given = [f"{{{f.name}}}" for f in module.signature.inputs if f.name not in module.among]
    told = f" for the {' and the '.join(given)}" if given else ""
    text = f"Pick the candidate that is best{told}."
    return replace(module, signature=replace(module.signature, instruction=text))


PICK = ModuleKind(
    Pick,
    _("Pick"),
    _("A model says which of several values is the best, and gives that value."),
    {
        "among": NamesField(
            label=_("Picks among"),
            required=False,
            max_length=2000,
            initial=("first", "second"),
            widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
            help_text=_(
                "Names of inputs, each a candidate or a list of candidates. The other inputs are "
                "what the model goes by."
            ),
        ),
        **SAMPLING,
    },
    begin=_begun,
    drawn=Signature((Field("question"), Field("first"), Field("second")), (Field("best"),)),
    offer=models_of,
    needs=("among",),
)

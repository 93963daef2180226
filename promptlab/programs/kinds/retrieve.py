from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.retrieve import MOST_PASSAGES, Retrieve
from optimizer.core.programs.signature import Field, FieldType, Signature
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.programs.passages import corpus_choices

RETRIEVE = ModuleKind(
    Retrieve,
    _("Retrieve"),
    _("Looks passages up in a corpus. Asks no model and costs nothing."),
    fields={
        "corpus": forms.ChoiceField(
            label=_("Corpus"),
            required=False,
            help_text=_("Passages that were uploaded under Programs → Corpora."),
        ),
        "k": forms.IntegerField(
            label=_("Passages"), min_value=1, max_value=MOST_PASSAGES, initial=3
        ),
    },
    drawn=Signature((Field("query"),), (Field("passages", FieldType.LIST),)),
    offer=lambda project: {"corpus": corpus_choices(project)},
)

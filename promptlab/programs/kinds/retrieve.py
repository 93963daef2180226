from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.retrieve import MOST_PASSAGES, Retrieve
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.models import Corpus
from promptlab.accounts.models import Project
from promptlab.programs.kinds.kind import ModuleKind


def corpora_of(project: Project) -> dict[str, list[tuple[str, str]]]:
    """The project's corpora to choose from."""
    found = [("", _now("None yet"))]
    for corpus in Corpus.objects.filter(namespace=project.namespace):
        told = _now("%(name)s (%(n)s passages)") % {"name": corpus.name, "n": f"{corpus.count:,}"}
        found.append((corpus.digest, told))
    return {"corpus": found}


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
    offer=corpora_of,
)

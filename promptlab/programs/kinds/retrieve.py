from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.retrieve import MOST_PASSAGES, Retrieve
from optimizer.core.programs.calls import INPUT, Call
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from promptlab.programs.kinds.kind import Beginning, Fields, ModuleKind
from promptlab.programs.passages import corpus_choices
from promptlab.programs.starters import module_of, named_apart

PASSAGES = Field("passages", FieldType.LIST)


def _looked_up(inputs: Fields, outputs: Fields, corpus: str) -> Program:
    """What the first input says is looked up; the answer is made from all of it."""
    found = named_apart(PASSAGES, (*inputs, *outputs))
    look = Retrieve("search", Signature((Field("query"),), (found,)), corpus=corpus)
    answer = module_of((*inputs, found), outputs)
    given = {f.name: f"{INPUT}.{f.name}" for f in inputs}
    calls = (
        Call(look.name, look.name, {"query": f"{INPUT}.{inputs[0].name}"}),
        Call(answer.name, answer.name, given | {found.name: f"{look.name}.{found.name}"}),
    )
    gives = {f.name: f"{answer.name}.{f.name}" for f in outputs}
    return Program("", inputs, (look, answer), calls, gives)


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
    drawn=Signature((Field("query"),), (PASSAGES,)),
    offer=lambda project: {"corpus": corpus_choices(project)},
    beginning=Beginning(
        _("Look up, then answer"),
        _("Finds passages in a corpus, then answers from them."),
        _looked_up,
    ),
)

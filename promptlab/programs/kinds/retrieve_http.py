from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.retrieve import MOST_PASSAGES
from optimizer.core.modules.retrieve_http import RetrieveHttp
from optimizer.core.problems import Problem
from optimizer.core.programs.program import Module
from optimizer.core.programs.signature import Field, FieldType, Signature
from promptlab.programs.addresses import refused_address
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.ui.forms import CodeTextarea

_PLACES = {"endpoint.body": "body"}


def _refused(module: Module) -> Sequence[Problem]:
    """What keeps the address from being asked, where it is typed; before it is, it is a draft."""
    assert isinstance(module, RetrieveHttp)
    if not module.url:
        return ()
    about = ("url.", "endpoint.")
    found = [p for p in module.problems() if p.code.startswith(about)]
    told = [p.at(_PLACES.get(p.code, "url")) for p in found]
    return told or [p.at("url") for p in refused_address(module.url)]


RETRIEVE_HTTP = ModuleKind(
    RetrieveHttp,
    _("Search endpoint"),
    _("Asks an endpoint of yours for passages. Asks no model and costs nothing."),
    fields={
        "url": forms.CharField(
            label=_("Address"),
            required=False,
            max_length=2000,
            widget=forms.TextInput(
                attrs={
                    "class": "mono",
                    "placeholder": "https://search.example.com/?q={query}&n={k}",
                }
            ),
            help_text=_(
                "The query stands for {query}, the number of passages for {k}. What it gives is "
                "kept and not asked again."
            ),
        ),
        "body": forms.CharField(
            label=_("Body of a POST"),
            required=False,
            max_length=20_000,
            strip=False,
            widget=CodeTextarea({"rows": 3, "placeholder": '{"query": "{query}", "top_k": "{k}"}'}),
            help_text=_("JSON with {query} in one of its texts. Empty: it is asked by GET."),
        ),
        "path": forms.CharField(
            label=_("Where the passages are"),
            required=False,
            max_length=200,
            widget=forms.TextInput(attrs={"class": "mono", "placeholder": "hits.hits._source"}),
            help_text=_("Names in the JSON answer, dots between. Empty: it is a list itself."),
        ),
        "k": forms.IntegerField(
            label=_("Passages"), min_value=1, max_value=MOST_PASSAGES, initial=3
        ),
        "version": forms.CharField(
            label=_("State of the address"),
            required=False,
            max_length=80,
            help_text=_(
                "Any word. With another one, everything is asked anew: change it when what the "
                "address gives has changed."
            ),
        ),
    },
    check=_refused,
    drawn=Signature((Field("query"),), (Field("passages", FieldType.LIST),)),
)

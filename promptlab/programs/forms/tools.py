"""The tools of a step that calls some: a row each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from optimizer.core.modules.retrieve import MOST_PASSAGES
from optimizer.core.modules.tools import TOOL_KINDS, CodeTool, FetchTool, SearchTool, Tool
from optimizer.sandbox.jail import jail
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.programs.addresses import refused_address
from promptlab.programs.passages import corpus_choices
from promptlab.programs.rows import RowForm
from promptlab.ui.source_field import SourceField
from promptlab.ui.value_field import plain_lines

LONGEST_DESCRIPTION, LONGEST_URL = 2000, 2000
_LABELS = {
    SearchTool.kind: gettext_lazy("search a corpus"),
    CodeTool.kind: gettext_lazy("run code"),
    FetchTool.kind: gettext_lazy("ask an address"),
}
_PLACES = {
    "name.tool": "name",
    "tool.named_finish": "name",
    "tool.no_description": "description",
    "tool.no_corpus": "corpus",
    "retrieve.k": "k",
    "tool.no_function": "source",
    "url.none": "url",
    "url.host": "url",
}
"""The fields that problems of a tool are about."""


class ToolForm(RowForm):
    """One tool. A corpus may be chosen later; what else is missing keeps it from being saved."""

    beside = ("kind", "k")

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=64,
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What it does"),
        choices=[(name, _LABELS[name]) for name in TOOL_KINDS],
        initial=SearchTool.kind,
    )
    description = forms.CharField(
        label=gettext_lazy("Description for the model"),
        max_length=LONGEST_DESCRIPTION,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    corpus = forms.ChoiceField(label=gettext_lazy("Corpus"), required=False)
    k = forms.IntegerField(
        label=gettext_lazy("Passages"),
        min_value=1,
        max_value=MOST_PASSAGES,
        initial=SearchTool.k,
        required=False,
    )
    source = SourceField(
        required=False,
        help_text=gettext_lazy(
            "A function of the tool’s name in Python; its parameters, such as “price: float”, are "
            "what the model calls it with. At most one second and 64 MB of memory."
        ),
    )
    url = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=LONGEST_URL,
        widget=forms.TextInput(
            attrs={"class": "mono", "placeholder": "https://api.example.com/search?q={words}"}
        ),
        help_text=gettext_lazy(
            "Asked by GET. Names in braces are what the model calls it with. What it gives is kept "
            "and not asked again."
        ),
    )
    version = forms.CharField(
        label=gettext_lazy("State of the address"),
        required=False,
        max_length=80,
        help_text=gettext_lazy(
            "Any word. With another one, everything is asked anew: change it when what the address "
            "gives has changed."
        ),
    )

    def offer(self, project: Project) -> None:
        """Let choose among what the project has; what stands there stays."""
        present = str(self["corpus"].value() or "")
        self.fields["corpus"].choices = corpus_choices(project, present)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            for found in self.tool.problems():
                if found.code != "tool.no_corpus":
                    self.add_error(_PLACES.get(found.code), sentence(found))
            if not self.errors:
                self._try()
        return cleaned

    def _try(self) -> None:
        """What the sandbox says of the code, and the guard of the address."""
        tool = self.tool
        if isinstance(tool, CodeTool):
            names = [argument.name for argument in tool.arguments]
            for fault in jail().check(tool.source, tool.name, names):
                self.add_error("source", sentence(fault))
        if isinstance(tool, FetchTool):
            for refused in refused_address(tool.url):
                self.add_error("url", sentence(refused))

    @property
    def tool(self) -> Tool:
        cleaned = self.cleaned_data
        told = cleaned["name"], cleaned["description"]
        if cleaned["kind"] == CodeTool.kind:
            return CodeTool(*told, source=plain_lines(cleaned.get("source", "")))
        if cleaned["kind"] == FetchTool.kind:
            return FetchTool(*told, url=cleaned.get("url", ""), version=cleaned.get("version", ""))
        return SearchTool(*told, corpus=cleaned.get("corpus", ""), k=cleaned.get("k") or 3)


def rows_of_tools(tools: Iterable[Tool]) -> list[dict[str, Any]]:
    """Tools as the initial values of their rows."""
    return [
        {name: getattr(tool, name) for name in ToolForm.base_fields if hasattr(tool, name)}
        for tool in tools
    ]

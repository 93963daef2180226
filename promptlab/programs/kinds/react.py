from __future__ import annotations

from dataclasses import replace

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.react import MOST_TURNS, ReAct
from optimizer.core.modules.tools import SearchTool
from optimizer.core.programs.program import Module
from promptlab.programs.forms.tools import ToolForm, rows_of_tools
from promptlab.programs.kinds.kind import ModuleKind, RowsOf, in_plain_words
from promptlab.programs.kinds.prompted import SAMPLING, models_of


def _begun(module: Module) -> Module:
    """With a tool to fill in, where it has none."""
    assert isinstance(module, ReAct)
    plain = in_plain_words(module)
    assert isinstance(plain, ReAct)
    first = SearchTool("search", "Looks up passages that say something about the query.")
    return plain if plain.tools else replace(plain, tools=(first,))


REACT = ModuleKind(
    ReAct,
    _("Agent with tools"),
    _("Thinks, calls a tool, reads what it gives, and so on, then answers (ReAct)."),
    {
        "max_turns": forms.IntegerField(
            label=_("Turns, at most"),
            min_value=1,
            max_value=MOST_TURNS,
            initial=5,
            help_text=_("Each turn is a call to the model, and the answer is one more."),
        ),
        **SAMPLING,
    },
    begin=_begun,
    offer=models_of,
    needs=("tools",),
    rows={
        "tools": RowsOf(
            ToolForm,
            _("Tools"),
            _("what the model may call"),
            _("tool"),
            read=lambda module: rows_of_tools(getattr(module, "tools", ())),
            make=lambda rows: tuple(row.tool for row in rows),
            template="programs/_tool_rows.html",
        )
    },
)

from __future__ import annotations

from dataclasses import replace

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.react import MOST_TURNS, ReAct
from optimizer.core.modules.tools import SearchTool
from optimizer.core.programs.calls import INPUT, Call
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Signature
from promptlab.programs.forms.tools import ToolForm, rows_of_tools
from promptlab.programs.kinds.kind import (
    Beginning,
    Fields,
    ModuleKind,
    RowsOf,
    in_plain_words,
)
from promptlab.programs.kinds.prompted import SAMPLING, models_of


def _begun(module: Module) -> Module:
    """With a tool to fill in, where it has none."""
    assert isinstance(module, ReAct)
    plain = in_plain_words(module)
    assert isinstance(plain, ReAct)
    first = SearchTool("search", "Looks up passages that say something about the query.")
    return plain if plain.tools else replace(plain, tools=(first,))


def _sent_out(inputs: Fields, outputs: Fields, corpus: str) -> Program:
    """One step that looks things up as often as it finds good."""
    drawn = ReAct("find_out", Signature(inputs, outputs))
    agent = _begun(drawn)
    tools = tuple(replace(tool, corpus=corpus) for tool in getattr(agent, "tools", ()))
    agent = replace(agent, tools=tools)  # type: ignore[call-arg]
    given = {f.name: f"{INPUT}.{f.name}" for f in inputs}
    gives = {f.name: f"{agent.name}.{f.name}" for f in outputs}
    return Program("", inputs, (agent,), (Call(agent.name, agent.name, given),), gives)


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
    beginning=Beginning(
        _("An agent with a tool"),
        _("Looks things up in turns, as often as it wants, then answers."),
        _sent_out,
    ),
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

"""A step with tools of every kind, and what they are answered with."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from optimizer.core.modules.react import ReAct
from optimizer.core.modules.tools import CodeTool, FetchTool, SearchTool
from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, Signature
from optimizer.core.programs.steps import Fetch, Fetched, Passages, Search

QUESTION, ANSWER = Field("question"), Field("answer")
ADD = """\
def add(a: int, b: int = 1):
    return a + b
"""


def agent() -> ReAct:
    return ReAct(
        "find_out",
        Signature((QUESTION,), (ANSWER,), "Answer the {question}."),
        tools=(
            SearchTool("search", "Looks up passages.", corpus="c" * 64, k=2),
            CodeTool("add", "Adds whole numbers.", source=ADD),
            FetchTool("weather", "Gives the weather.", url="https://w.example/v1/{place}?d={day}"),
        ),
        max_turns=4,
    )


def asking(module: ReAct | None = None) -> Program:
    used = module or agent()
    call = Call("find_out", used.name, {"question": "input.question"})
    return Program("Agent", (QUESTION,), (used,), (call,), {"answer": "find_out.answer"})


def turn(tool: str, thought: str = "", **arguments: Any) -> str:
    return json.dumps({"thought": thought, "tool": tool, "arguments": arguments or None})


def passages(request: Search) -> Passages:
    told = ({"title": "Kyoto", "text": f"says {request.query}"}, {"title": "Nara", "text": "deer"})
    return Passages(told[: request.k])


def sunny(request: Fetch) -> Fetched:
    return Fetched(200, f"sunny at {request.url}")


def with_lines(module: ReAct, *lines: str) -> ReAct:
    """The same with these lines in its instruction."""
    said = "\n".join([module.signature.instruction, *lines])
    return replace(module, signature=replace(module.signature, instruction=said))

"""An agent's turns as calls of functions: the same said otherwise, and back again."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from optimizer.core.evaluation.execute import predict
from optimizer.core.modules.react import ReAct
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.layouts import Layout
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.native import CALLED, as_calls, finished, specs_of, spoken_turn
from tests.fakes.agents import agent, asking, passages, sunny, turn, with_lines
from tests.fakes.steps import held


def prompts_of(module: ReAct, *replies: str) -> list[Prompt]:
    said: list[Prompt] = []

    def answer(prompt: Prompt) -> Reply:
        said.append(prompt)
        return Reply(replies[len(said) - 1])

    program = asking(module)
    steps = predict(program, baseline_of(program), {"question": "How is it?"})
    held(steps, answer, look_up=passages, fetch=sunny)
    return said


def called(prompt: Prompt) -> list[dict[str, Any]]:
    assert prompt.functions is not None
    return as_calls(prompt.messages, prompt.functions)


def test_tools_are_functions_with_their_descriptions_as_the_candidate_has_them() -> None:
    first, *_, last = prompts_of(
        with_lines(agent(), "{add}: Sums up."), turn("finish"), '{"answer": "x"}'
    )
    assert first.functions is not None
    told = {each["function"]["name"]: each["function"] for each in specs_of(first.functions)}
    assert list(told) == ["search", "add", "weather", "finish"]
    assert told["add"]["description"] == "Sums up."
    assert told["add"]["parameters"]["properties"] == {
        "a": {"type": "integer"}, "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    }  # fmt: skip
    assert last.functions is None  # the answer is a text like others


@pytest.mark.parametrize("layout", list(Layout))
def test_turns_are_calls_and_what_tools_gave_are_their_answers(layout: Layout) -> None:
    ended = {"thought": "", "tool": "finish", "arguments": {}, "observation": ""}
    looked = {"thought": "t", "tool": "search", "arguments": {"query": "q"}, "observation": "o"}
    demos = tuple(
        Demo({"question": "a", "answer": "b", "turns": turns})
        for turns in ([looked, ended], [looked])
    )
    module = replace(agent(), demos=demos, layout=layout)
    *_, prompt, _answer = prompts_of(
        module, turn("add", "sum", a=2), "what?", turn("finish"), '{"answer": "x"}'
    )
    said = called(prompt)
    system, rest = said[0]["content"], json.dumps(said[1:])
    assert "In each turn call one of the tools." in system
    assert "JSON object" not in system.partition("you are asked for")[0]
    assert '"thought": <text' not in rest
    roles = [m["role"] for m in said]
    shown = ["user", "assistant", "tool", "assistant", "tool", "user", "assistant"]
    assert roles[1:8] == shown
    assert roles[8:13] == ["user", "assistant", "tool", "user", "assistant"]
    own = said[13:]
    assert [m["role"] for m in own] == ["user", "assistant", "tool", "assistant", "user"]
    (made,) = own[1]["tool_calls"]
    assert (own[1]["content"], made["function"]) == (
        "sum",
        {"name": "add", "arguments": '{"a": 2}'},
    )
    assert own[2] == {"role": "tool", "tool_call_id": made["id"], "content": "3"}
    assert own[3]["content"] == "what?"  # no turn, so no call
    answers = [m["tool_call_id"] for m in said if m["role"] == "tool"]
    assert answers == [m["tool_calls"][0]["id"] for m in said if "tool_calls" in m]
    assert len(set(answers)) == len(answers)


@pytest.mark.parametrize(
    ("arguments", "read"),
    [('{"a": 1}', {"a": 1}), ("", {}), (None, {}), ({"a": 1}, {"a": 1}), ("{a", "{a")],
)
@pytest.mark.parametrize("made", [dict, SimpleNamespace])
def test_a_call_is_read_as_a_turn(made: Any, arguments: Any, read: Any) -> None:
    function = made(name="add", arguments=arguments)
    message = made(content="so", tool_calls=[made(function=function)])
    text, finish = spoken_turn(message, "stop")
    assert text is not None
    assert finish == CALLED
    assert json.loads(text) == {"thought": "so", "tool": "add", "arguments": read}


@pytest.mark.parametrize("calls", [None, [], "x", [{}], [{"function": {}}]])
def test_a_message_without_a_call_is_what_it_says(calls: Any) -> None:
    assert spoken_turn({"content": "Hi", "tool_calls": calls}, "stop") == ("Hi", "stop")


def test_who_calls_nothing_is_done() -> None:
    assert json.loads(finished("so")) == {"thought": "so", "tool": "finish", "arguments": {}}

"""Models that call functions make an agent's turns as calls; others are asked for texts, and that
is learned.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from optimizer.core.programs.lm import Functions, Message, Reply
from optimizer.lm.call import LMCall
from optimizer.lm.guard import EVERYWHERE
from optimizer.lm.litellm_client import LiteLLMClient
from optimizer.lm.retry import Patient
from optimizer.lm.shaping import Shaping
from optimizer.lm.traits import ReplyForm, Traits
from tests.fakes.agents import turn
from tests.fakes.completions import Body, completion
from tests.fakes.faults import error
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.ways import WAYS, AnyClient, Way

FUNCTIONS = Functions(
    (
        ("add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}}),
        ("finish", "Ends.", {"type": "object", "properties": {}}),
    ),
    "Answer with JSON.",
)
TEXT = turn("add", "so", a=1)
ways = pytest.mark.parametrize("way", [WAYS[0], WAYS[1], WAYS[3]], ids=lambda way: way.name)


def turn_of(way: Way, text: str = "message 1") -> LMCall:
    made = way.call(text, constrained=True)
    said = (Message("system", "Do it.\n\nAnswer with JSON."), Message("user", text))
    return replace(made, messages=said, functions=FUNCTIONS, max_tokens=100)


def asked(client: AnyClient, *calls: LMCall) -> list[Reply]:
    async def no_wait(seconds: float) -> None:
        """Nobody waits."""

    async def all_of_them() -> list[Reply]:
        patient = Patient(client, no_wait)
        try:
            return [await patient.complete(each) for each in calls]
        finally:
            await client.aclose()

    return asyncio.run(all_of_them())


def calling(body: Body, path: str) -> web.Response:
    whole = completion(path, "scripted", "so")
    if path.endswith("/messages"):
        used = {"type": "tool_use", "id": "x", "name": "add", "input": {"a": 1}}
        whole["content"] = [{"type": "text", "text": "so"}, used]
        whole["stop_reason"] = "tool_use"
    else:
        function = {"name": "add", "arguments": '{"a": 1}'}
        calls = [{"id": "x", "type": "function", "function": function}]
        whole["choices"][0]["message"] |= {"tool_calls": calls}
        whole["choices"][0]["finish_reason"] = "tool_calls"
    return web.json_response(whole)


def knowing(way: Way, root: str) -> AnyClient:
    """A client that begins with functions, whatever a library knows of the model."""
    if way.direct:
        return way.client(root)
    shaping = Shaping({way.model: Traits(replies=ReplyForm.FREE)})
    return LiteLLMClient("key-key-key", root + way.path, egress=EVERYWHERE, shaping=shaping)


def path_of(way: Way) -> str:
    return "/v1/messages" if "anthropic" in way.name else "/v1/chat/completions"


@ways
def test_a_model_that_calls_is_told_the_functions_and_its_call_is_a_turn(way: Way) -> None:
    def wants(body: Body) -> web.Response | None:
        return calling(body, path_of(way)) if body.get("tools") else None

    with OpenAIServer(wants=wants) as server:
        client = knowing(way, server.root)
        replies = asked(client, turn_of(way), turn_of(way, "message 2"))
        assert [json.loads(r.text) for r in replies] == [json.loads(TEXT)] * 2
        assert [r.prompt_tokens for r in replies] == [10, 10]
        assert len(server.requests) == 2
        assert all("response_format" not in body for body in server.requests)
        assert "Answer with JSON" not in json.dumps(server.requests)
        assert client.learned == {}


REFUSALS: dict[str, Callable[[Body], web.Response | None]] = {
    "in words": lambda body: error(400, "this model does not support tools"),
    "with 500": lambda body: error(500, "tools param requires --jinja flag"),
    "with 404": lambda body: error(404, "No endpoints found that support tool use."),
    "without a word": lambda body: error(400, "Bad request"),
    "not at all": lambda body: None,  # the server does not know them, and says something
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_model_that_calls_none_is_asked_for_texts_and_that_is_learned(name: str) -> None:
    way = WAYS[0]

    def wants(body: Body) -> web.Response | None:
        return REFUSALS[name](body) if "tools" in body else None

    def said(body: Body) -> str:
        return "I would add." if "tools" in body else TEXT

    with OpenAIServer(wants=wants, script=said) as server:
        client = way.client(server.root)
        replies = asked(client, turn_of(way), turn_of(way, "message 2"))
        assert [r.text for r in replies] == [TEXT] * 2
        assert len(server.requests) == 3
        assert "response_format" in server.requests[-1]
        assert "Answer with JSON" in json.dumps(server.requests[-1])
        assert client.learned == {"scripted": Traits(functions=False)}
        assert client.learned["scripted"].notes == ("traits.no_functions",)


def test_a_model_that_called_before_and_calls_nothing_now_is_done() -> None:
    way, number = WAYS[0], iter(range(9))

    def wants(body: Body) -> web.Response | None:
        return calling(body, path_of(way)) if next(number) == 0 else None

    with OpenAIServer(wants=wants, script=lambda body: "Enough.") as server:
        first, last = asked(way.client(server.root), turn_of(way), turn_of(way, "message 2"))
        assert json.loads(first.text)["tool"] == "add"
        assert json.loads(last.text) == {"thought": "Enough.", "tool": "finish", "arguments": {}}


def test_what_is_reserved_is_enough_for_the_functions() -> None:
    way = WAYS[0]
    bare = replace(turn_of(way), functions=None)
    more: Any = turn_of(way).most_prompt_tokens() - bare.most_prompt_tokens()
    assert more > len(json.dumps([list(each) for each in FUNCTIONS.each]))
    assert turn_of(way).as_json() == bare.as_json()  # the same reply, however it is asked for

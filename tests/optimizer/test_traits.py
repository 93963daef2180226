"""Requests that a server does not want so are sent as it wants them, and that is learned."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import web

from optimizer.core.programs.lm import Message, Reply
from optimizer.lm.call import LMCall
from optimizer.lm.failures import CallFailed, PromptRefused, ProviderRefused
from optimizer.lm.retry import Patient
from optimizer.lm.traits import ReplyForm, Temperature, Traits, after_refusal, parameters
from tests.fakes.completions import Body, completion
from tests.fakes.faults import error
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.ways import WAYS, AnyClient, Way, call

Wants = Callable[[Body], web.Response | None]
ways = pytest.mark.parametrize("way", WAYS[:2], ids=lambda way: way.name)

TOKENS = Traits(completion_tokens=True)
OWN = Traits(temperature=Temperature.OWN)
WITHIN = Traits(temperature=Temperature.WITHIN)
JSON, FREE = Traits(replies=ReplyForm.JSON), Traits(replies=ReplyForm.FREE)
NO_SYSTEM = Traits(system=False)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
         "'max_completion_tokens' instead.", TOKENS),
        ("this model uses max_completion_tokens; max_tokens is deprecated", TOKENS),
        ("{'detail': [{'loc': ['body', 'max_tokens'], 'msg': 'Extra inputs are not permitted'}]}",
         TOKENS),
        ("max_tokens: unrecognized request argument", TOKENS),
        ("max_tokens is too large: 600. This model supports at most 40 completion tokens.",
         Traits(most_tokens=40)),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 40]",
         Traits(most_tokens=40)),
        ("'max_tokens' is too large: 50. This model's maximum context length is 40 tokens.", None),
        ("Unsupported value: 'temperature' does not support 0.0 with this model. Only the default "
         "(1) value is supported.", OWN),
        ("Unsupported parameter: 'temperature' is not supported with this model.", OWN),
        ("`temperature` may only be set to 1 when thinking is enabled.", OWN),
        ("invalid temperature: only 0.6 is allowed for this model", OWN),
        ("`temperature` must be strictly positive", WITHIN),
        ("temperature must be > 0", WITHIN),
        ("temperature: should be greater than 0", WITHIN),
        ("temperature is not available", OWN),
        ("json_schema is not supported", JSON),
        ("response_format is not supported by this model", FREE),
        ("'response_format.type' must be one of 'text', 'json_object'", JSON),
        ("JSON mode is not enabled for this model", JSON),
        ("No endpoints found that can handle the requested parameters.", JSON),
        ("Failed to compile grammar", JSON),
        ("structured outputs are unavailable", JSON),
        ("guided decoding is not implemented", JSON),
        ("System role not supported", NO_SYSTEM),
        ("Roles other than user and assistant are not supported", NO_SYSTEM),
        ("[{'loc': ['body', 'messages', 0, 'role'], 'msg': \"Input should be 'user' or "
         "'assistant'\"}]", NO_SYSTEM),
        ("temperature must be in (0, 2]", WITHIN),
        ("Input should be greater than 0: temperature", WITHIN),
        ("response_format: Extra inputs are not permitted", FREE),
        ("Invalid schema for response_format 'reply': 'additionalProperties' is required", JSON),
        ("Invalid schema for response_format 'reply': In context=('properties', 'day'), 'format' "
         "is not permitted.", JSON),
        ("Invalid schema for response_format 'reply': 'anyOf' is not permitted.", JSON),
        ("output_format.schema: Unsupported value: 'object' nesting exceeds the limit of 5", JSON),
        ("Invalid JSON payload received. Unknown name \"anyOf\" at 'generation_config."
         "response_schema.properties[0].value': Cannot find field.", JSON),
        ("Unsupported schema: string format 'date' is not supported by the grammar", JSON),
        ("Developer instruction is not enabled for models/gemma-3-27b-it", NO_SYSTEM),
        ("'messages[0].role' does not support 'system' with this model.", NO_SYSTEM),
        ("Conversation roles must alternate user/assistant/user/assistant/...", NO_SYSTEM),
        ("Only user and assistant roles are supported!", NO_SYSTEM),
        ("This model's maximum context length is 40 tokens.", None),
        ("The response was filtered due to the content management policy.", None),
        ("The server had an error while processing your request.", None),
        ("scripted failure 400", None),
    ],
)  # fmt: skip
def test_what_a_refusal_is_about_is_told_by_its_words(words: str, meant: Traits | None) -> None:
    assert after_refusal(Traits(), call(), words) == meant


def test_nothing_is_tried_twice() -> None:
    assert after_refusal(TOKENS, call(), "max_tokens is not supported") is None
    assert after_refusal(OWN, call(), "temperature is not supported") is None
    assert after_refusal(FREE, call(), "json_schema is not supported") is None
    assert after_refusal(NO_SYSTEM, call(), "System role not supported") is None


def test_the_instruction_goes_into_the_first_message_of_the_user() -> None:
    said = (
        Message("system", "Sort."), Message("user", "a"), Message("assistant", "b"),
        Message("user", "c"),
    )  # fmt: skip
    sent = parameters(replace(call(), messages=said), NO_SYSTEM)["messages"]
    assert [m["role"] for m in sent] == ["user", "assistant", "user"]
    assert sent[0]["content"] == "Sort.\n\na"


async def _resting(seconds: float) -> None:
    assert seconds < 1


def asked(client: AnyClient, *calls: LMCall) -> list[Reply | CallFailed]:
    """What each of these came to, one after another, with patience."""

    async def spoken() -> list[Reply | CallFailed]:
        found: list[Reply | CallFailed] = []
        for each in calls:
            try:
                found.append(await Patient(client, _resting).complete(each))
            except CallFailed as failure:
                found.append(failure)
        await client.aclose()
        return found

    return asyncio.run(spoken())


def strict(**unwanted: Callable[[Body], bool]) -> Wants:
    """A server that refuses a request for the first of these that holds, in these words."""

    def wants(body: Body) -> web.Response | None:
        told = next((words for words, holds in unwanted.items() if holds(body)), None)
        return error(400, told) if told else None

    return wants


SYSTEM = {"role": "system", "content": "Sort."}
SERVERS: dict[str, tuple[Wants, Traits]] = {
    "names of limits": (
        strict(**{"max_tokens is not supported. Use max_completion_tokens.":
                  lambda b: "max_tokens" in b}),
        TOKENS,
    ),
    "temperature": (
        strict(**{"'temperature' does not support 0.0. Only the default (1) is supported.":
                  lambda b: b.get("temperature", 1) != 1}),
        OWN,
    ),
    "zero": (strict(**{"temperature must be > 0": lambda b: b.get("temperature") == 0}), WITHIN),
    "schema": (
        strict(**{"json_schema is not supported":
                  lambda b: b.get("response_format", {}).get("type") == "json_schema"}),
        JSON,
    ),
    "any form": (
        strict(**{"response_format type is not supported": lambda b: "response_format" in b}),
        FREE,
    ),
    "without a word": (strict(**{"Bad request": lambda b: "response_format" in b}), FREE),
    "system": (
        strict(**{"System role not supported": lambda b: b["messages"][0]["role"] == "system"}),
        NO_SYSTEM,
    ),
    "everything": (
        strict(**{
            "max_tokens is not supported": lambda b: "max_tokens" in b,
            "temperature is not supported": lambda b: "temperature" in b,
            "system messages are not supported": lambda b: SYSTEM in b["messages"],
            "response_format is not supported": lambda b: "response_format" in b,
        }),
        Traits(ReplyForm.FREE, True, 0, Temperature.OWN, False),
    ),
}  # fmt: skip


@ways
@pytest.mark.parametrize("name", SERVERS)
def test_a_request_is_sent_again_as_the_server_wants_it_and_from_then_on(
    way: Way, name: str
) -> None:
    wants, traits = SERVERS[name]
    with OpenAIServer(wants=wants) as server:
        client = way.client(server.root, "key-key-key")
        made = [way.call(text, constrained=True) for text in ("a", "b")]
        replies = asked(client, *made)
        assert all(isinstance(reply, Reply) for reply in replies), replies
        assert list(client.learned.values()) == [traits]
        assert len(server.served) == 2
        assert server.requests[-2:] == server.served  # the second was right at once


@pytest.mark.parametrize("status", [400, 404, 422, 500, 501])
def test_a_form_is_refused_under_any_status(status: int) -> None:
    def wants(body: Body) -> web.Response | None:
        return error(status, "grammar failed to compile") if "response_format" in body else None

    with OpenAIServer(wants=wants) as server:
        (reply,) = asked(WAYS[0].client(server.root), call())
        assert isinstance(reply, Reply)
        assert len(server.requests) == 3


@ways
@pytest.mark.parametrize("text", ["", None])
@pytest.mark.parametrize(("last", "form"), [("json_schema", "json"), ("json_object", "free")])
def test_a_form_that_is_answered_with_nothing_is_given_up(
    way: Way, text: str | None, last: str, form: str
) -> None:
    def wants(body: Body) -> web.Response | None:
        kinds = ("json_schema", "json_object")
        silent = kinds[: kinds.index(last) + 1]
        said = completion("/chat/completions", "scripted", text)
        kind = body.get("response_format", {}).get("type")
        return web.json_response(said) if kind in silent else None

    with OpenAIServer(wants=wants) as server:
        client = way.client(server.root, "key-key-key")
        replies = asked(client, *(way.call(t, constrained=True) for t in "ab"))
        assert all(isinstance(reply, Reply) and reply.text for reply in replies)
        assert [t.replies for t in client.learned.values()] == [form]


@ways
def test_a_model_that_says_nothing_in_any_form_is_asked_as_before(way: Way) -> None:
    with OpenAIServer(script=lambda body: "") as server:
        client = way.client(server.root, "key-key-key")
        asked(client, *(way.call(t, constrained=True) for t in "ab"))
        assert client.learned == {}
        assert len(server.requests) == 4


@ways
@pytest.mark.parametrize(
    "words", ["scripted failure", "flagged by moderation", "This is longer than the context window"]
)
def test_a_prompt_that_is_refused_is_not_sent_three_times(way: Way, words: str) -> None:
    def wants(body: Body) -> web.Response | None:
        return error(400, words) if "bad" in json.dumps(body["messages"]) else None

    with OpenAIServer(wants=wants) as server:
        client = way.client(server.root, "key-key-key")
        found = asked(client, *(way.call(t, constrained=True) for t in ("bad 1", "bad 2", "good")))
        assert [type(each) for each in found] == [PromptRefused, PromptRefused, Reply]
        assert client.learned == {}
        assert len(server.requests) <= 4
        assert server.requests[-1]["response_format"]["type"] == "json_schema"


def test_calls_at_once_learn_from_each_other() -> None:
    wants, traits = SERVERS["everything"]

    async def spoken(client: AnyClient) -> list[Reply]:
        patient = Patient(client, _resting)
        found = await asyncio.gather(*(patient.complete(call(str(n))) for n in range(20)))
        await client.aclose()
        return found

    with OpenAIServer(wants=wants, seconds=0.01) as server:
        client = WAYS[0].client(server.root)
        assert len(asyncio.run(spoken(client))) == 20
        assert list(client.learned.values()) == [traits]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_did_not_help_is_not_learned(status: int) -> None:
    def wants(body: Body) -> web.Response | None:
        return error(status, "Your role must allow this: the schema of the grammar is unknown.")

    with OpenAIServer(wants=wants) as server:
        client = WAYS[0].client(server.root)
        (failure,) = asked(client, call())
        assert isinstance(failure, ProviderRefused)
        assert client.learned == {}
        assert status == 404 or len(server.requests) == 1

"""Speaking to OpenAI-compatible endpoints: one request a call, bounded, and failures told apart."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from optimizer.core.programs.lm import Message, Reply, Role
from optimizer.lm.call import LMCall
from optimizer.lm.failures import (
    CallFailed,
    Garbled,
    NoReply,
    Overloaded,
    PromptRefused,
    ProviderRefused,
    SchemaRefused,
    ServerFailed,
    Unreachable,
)
from optimizer.lm.openai_http import OpenAIHttp
from tests.fakes.openai_server import OpenAIServer

SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["ham", "spam"]}},
    "required": ["label"],
}
CANARY = "sk-CANARY-0123456789"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def call(text: str = "message 1", constrained: bool = True) -> LMCall:
    said = (Message("system", "Sort."), Message("user", text))
    return LMCall("scripted", Role.TASK, said, SCHEMA if constrained else None, 0.0, 50)


def said_by(client: OpenAIHttp, *calls: LMCall) -> list[Reply]:
    async def spoken() -> list[Reply]:
        try:
            return [await client.complete(each) for each in calls]
        finally:
            await client.aclose()

    return asyncio.run(spoken())


def failure_of(client: OpenAIHttp, *calls: LMCall) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        said_by(client, *calls)
    return failed.value


def test_a_call_is_one_request_with_its_schema_and_settings(server: OpenAIServer) -> None:
    (reply,) = said_by(OpenAIHttp(server.url), call())
    assert reply.text in ('{"label": "ham"}', '{"label": "spam"}')
    assert reply.prompt_tokens > 0
    assert reply.completion_tokens > 0
    assert reply.seconds > 0
    (body,) = server.requests
    assert body["model"] == "scripted"
    assert body["messages"][-1] == {"role": "user", "content": "message 1"}
    assert (body["temperature"], body["max_tokens"]) == (0.0, 50)
    schema = body["response_format"]["json_schema"]
    assert (schema["name"], schema["schema"], schema["strict"]) == ("reply", SCHEMA, True)
    assert "cache_prompt" not in body


def test_our_own_engine_is_asked_to_keep_its_prefix_cache(server: OpenAIServer) -> None:
    said_by(OpenAIHttp(server.url, own_engine=True), call())
    assert server.requests[0]["cache_prompt"] is True


def test_an_endpoint_that_cannot_constrain_replies_is_asked_without_from_then_on() -> None:
    with OpenAIServer(constrains=False) as server:

        async def spoken() -> None:
            client = OpenAIHttp(server.url)
            with pytest.raises(SchemaRefused):
                await client.complete(call("a"))
            assert not client.constrains
            await client.complete(call("a"))
            await client.complete(call("b"))
            await client.aclose()

        asyncio.run(spoken())
        assert ["response_format" in body for body in server.requests] == [True, False, False]


@pytest.mark.parametrize(
    ("fault", "kind", "told", "said"),
    [
        ("429", Overloaded, "answered 429: it takes no more calls", "Rate limit reached"),
        ("500", ServerFailed, "answered 500: it failed", "scripted failure 500"),
        ("503", ServerFailed, "answered 503: it failed", "scripted failure 503"),
        ("401", ProviderRefused, "answered 401: the key is missing", "scripted failure 401"),
        ("404", ProviderRefused, "answered 404: it knows no such model", "scripted failure 404"),
        ("400", PromptRefused, "answered 400: it refuses this prompt", "scripted failure 400"),
        ("redirect", ProviderRefused, "answered 307: it sends callers elsewhere", ""),
        ("reset", NoReply, "broke before the reply came", ""),
        ("garbage", Garbled, "something else than JSON", "<html>not JSON</html>"),
        ("truncated", Garbled, "something else than JSON", '"choices"'),
        ("empty", Garbled, "no chat completion", "{}"),
        ("null", Garbled, "holds no text", ""),
        ("huge", Garbled, "longer than 2,000,000 bytes", ""),
    ],
)
def test_every_way_to_fail_has_its_kind_and_its_words_and_costs_one_request(
    server: OpenAIServer, fault: str, kind: type[CallFailed], told: str, said: str
) -> None:
    server.fault = lambda body, number: fault
    failure = failure_of(OpenAIHttp(server.url, CANARY), call())
    assert type(failure) is kind
    assert told in str(failure)
    assert said in failure.said
    assert not said or said not in str(failure)
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_reply_that_does_not_end_is_cut_off_at_the_deadline(
    server: OpenAIServer, fault: str
) -> None:
    server.fault = lambda body, number: fault
    failure = failure_of(OpenAIHttp(server.url, deadline=0.5), call())
    assert type(failure) is NoReply
    assert "within 0.5 s" in str(failure)


def test_a_rate_limit_says_how_long_to_wait(server: OpenAIServer) -> None:
    server.fault = lambda body, number: "429"
    assert failure_of(OpenAIHttp(server.url), call()).retry_after == 0.05


def test_a_dead_endpoint_is_unreachable_and_nothing_was_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        failure = failure_of(OpenAIHttp(f"http://127.0.0.1:{unused.getsockname()[1]}/v1"), call())
    assert type(failure) is Unreachable
    assert "Is the server running?" in str(failure)


def test_a_key_that_the_endpoint_echoes_is_in_no_message() -> None:
    with OpenAIServer(key="another") as server:
        failure = failure_of(OpenAIHttp(server.url, CANARY), call())
    assert type(failure) is ProviderRefused
    assert "Incorrect API key" in failure.said
    assert "CANARY" not in f"{failure}{failure.said}"


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "[::ffff:169.254.169.254]", "2852039166", "0.0.0.0", "[fe80::1]",
     "100.100.100.200"],
)  # fmt: skip
def test_metadata_and_link_local_addresses_are_refused_in_every_spelling(host: str) -> None:
    failure = failure_of(OpenAIHttp(f"http://{host}/v1", deadline=3.0), call())
    assert type(failure) is ProviderRefused
    assert "never models" in str(failure) or "not a canonical" in str(failure)


def test_a_reply_without_usage_is_taken_as_it_is() -> None:
    with OpenAIServer(usage=False) as server:
        (reply,) = said_by(OpenAIHttp(server.url), call())
    assert (reply.prompt_tokens, reply.completion_tokens) == (0, 0)


def test_the_endpoints_models_are_listed(server: OpenAIServer) -> None:
    async def listed() -> list[str]:
        client = OpenAIHttp(server.url)
        try:
            return await client.models()
        finally:
            await client.aclose()

    assert asyncio.run(listed()) == ["scripted"]

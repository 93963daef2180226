"""Speaking to OpenAI-compatible endpoints: what is sent, and in which words failures are told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from optimizer.lm.failures import CallFailed, Reshaped
from optimizer.lm.guard import EVERYWHERE
from optimizer.lm.openai_http import OpenAIHttp
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.ways import SCHEMA, WAYS, Way, call, outcome_of, said_by

CANARY = "sk-CANARY-0123456789"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def client_of(server: OpenAIServer, **options: Any) -> OpenAIHttp:
    return OpenAIHttp(server.url, egress=EVERYWHERE, **options)


def test_a_call_is_one_request_with_its_schema_and_settings(server: OpenAIServer) -> None:
    (reply,) = said_by(client_of(server), call())
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
    said_by(client_of(server, own_engine=True), call())
    assert server.requests[0]["cache_prompt"] is True


def test_an_endpoint_that_cannot_constrain_replies_is_asked_without_from_then_on() -> None:
    with OpenAIServer(constrains=False) as server:

        async def spoken() -> None:
            client = client_of(server)
            with pytest.raises(Reshaped):
                await client.complete(call("a"))
            await client.complete(call("a"))
            await client.complete(call("b"))
            assert [t.replies for t in client.learned.values()] == ["free"]
            await client.aclose()

        asyncio.run(spoken())
        assert ["response_format" in body for body in server.requests] == [True, False, False]


@pytest.mark.parametrize(
    ("fault", "told", "said"),
    [
        ("429", "answered 429: it takes no more calls", "Rate limit reached"),
        ("500", "answered 500: it failed", "scripted failure 500"),
        ("503", "answered 503: it failed", "scripted failure 503"),
        ("401", "answered 401: the key is missing", "scripted failure 401"),
        ("404", "answered 404: it knows no such model", "scripted failure 404"),
        ("400", "answered 400: it refuses this prompt", "scripted failure 400"),
        ("redirect", "answered 307: it sends callers elsewhere, which is not followed", ""),
        ("reset", "broke before the reply came", ""),
        ("garbage", "something else than JSON", "<html>not JSON</html>"),
        ("truncated", "something else than JSON", '"choices"'),
        ("empty", "no chat completion", "{}"),
        ("null", "holds no text", ""),
        ("huge", "longer than 259,200 bytes", ""),
        ("gzip_bomb", "longer than 259,200 bytes", ""),
        ("brotli", "packed in a way that was not asked for", ""),
        ("bad_gzip", "what is packed is broken", ""),
        ("many_headers", "no whole answer", "Too many headers"),
    ],
)
@pytest.mark.parametrize("way", WAYS[:2], ids=lambda way: way.name)
def test_every_way_to_fail_has_our_sentence_and_apart_from_it_the_providers_words(
    server: OpenAIServer, way: Way, fault: str, told: str, said: str
) -> None:
    server.fault = lambda body, number: fault
    failure = outcome_of(way.client(server.root, CANARY), way.call())
    assert isinstance(failure, CallFailed)
    assert told in str(failure)
    assert said in failure.said
    assert not said or said not in str(failure)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_packed_reply_is_read(server: OpenAIServer, coding: str) -> None:
    server.coding = coding
    (reply,) = said_by(client_of(server), call())
    assert reply.text in ('{"label": "ham"}', '{"label": "spam"}')


def test_the_endpoints_models_are_listed(server: OpenAIServer) -> None:
    async def listed() -> list[str]:
        client = client_of(server)
        try:
            return await client.models()
        finally:
            await client.aclose()

    assert asyncio.run(listed()) == ["scripted"]
    server.models = ("a", None, {"name": "b"}, 7)  # type: ignore[assignment]
    assert asyncio.run(listed()) == ["a"]

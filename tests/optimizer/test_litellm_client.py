"""Providers by LiteLLM: one request a call with its schema, and nothing of its log."""

from __future__ import annotations

import asyncio
import logging

import pytest

from optimizer.lm.failures import Reshaped
from optimizer.lm.guard import EVERYWHERE
from optimizer.lm.litellm_client import LiteLLMClient
from optimizer.lm.litellm_library import litellm
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.ways import WAYS, said_by

BY_LITELLM = WAYS[1]
CANARY = "sk-CANARY-0123456789"


def test_a_call_is_one_request_with_its_schema() -> None:
    with OpenAIServer() as server:
        (reply,) = said_by(
            BY_LITELLM.client(server.root, CANARY), BY_LITELLM.call(constrained=True)
        )
    assert reply.text in ('{"label": "ham"}', '{"label": "spam"}')
    assert reply.prompt_tokens > 0
    (body,) = server.requests
    assert body["response_format"]["json_schema"]["strict"] is True


def test_a_provider_that_cannot_constrain_replies_is_asked_without_from_then_on() -> None:
    with OpenAIServer(constrains=False) as server:
        made = BY_LITELLM.call(constrained=True)

        async def spoken() -> None:
            client = LiteLLMClient(CANARY, server.url, egress=EVERYWHERE)
            with pytest.raises(Reshaped):
                await client.complete(made)
            await client.complete(made)
            assert [t.replies for t in client.learned.values()] == ["free"]
            await client.aclose()

        asyncio.run(spoken())
        assert ["response_format" in body for body in server.requests] == [True, False]


def test_calls_at_once_each_have_their_own_request() -> None:
    texts = [f"message {n}" for n in range(20)]

    async def spoken(root: str) -> list[str]:
        client = BY_LITELLM.client(root, CANARY)
        replies = await asyncio.gather(*(client.complete(BY_LITELLM.call(t)) for t in texts))
        await client.aclose()
        return [reply.text for reply in replies]

    with OpenAIServer(script=lambda body: body["messages"][-1]["content"], seconds=0.02) as server:
        assert asyncio.run(spoken(server.root)) == texts
        assert len(server.requests) == len(texts)


def test_nothing_that_litellm_logs_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    litellm()
    with caplog.at_level(logging.DEBUG), OpenAIServer() as server:
        said_by(BY_LITELLM.client(server.root, CANARY), BY_LITELLM.call())
        server.fault = lambda body, number: "500"
        with pytest.raises(Exception, match="500"):
            said_by(BY_LITELLM.client(server.root, CANARY), BY_LITELLM.call())
    names = {record.name.partition(".")[0] for record in caplog.records}
    assert not names & {"LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx", "httpcore", "openai"}


def test_a_request_that_belongs_to_no_call_is_not_sent() -> None:
    library = litellm()
    with OpenAIServer() as server:
        arguments = {"model": "openai/x", "api_key": CANARY, "api_base": server.url}
        said = [{"role": "user", "content": "hi"}]
        with pytest.raises(Exception, match="Connection error"):
            asyncio.run(library.acompletion(messages=said, max_retries=0, **arguments))
        with pytest.raises(Exception, match="Connection error"):
            library.completion(messages=said, max_retries=0, **arguments)
        assert server.requests == []


def test_a_library_that_asks_twice_is_answered_once_and_the_first_answer_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = litellm()
    real = library.acompletion

    async def twice(**arguments: object) -> object:
        found = await real(**arguments)
        with pytest.raises(Exception, match="Connection error"):
            await real(**arguments)
        return found

    monkeypatch.setattr(library, "acompletion", twice)
    with OpenAIServer() as server:
        (reply,) = said_by(BY_LITELLM.client(server.root, CANARY), BY_LITELLM.call())
    assert reply.text
    assert len(server.requests) == 1

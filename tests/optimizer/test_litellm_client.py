"""Providers by LiteLLM: one request a call, the same failures, no key in any message."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from optimizer.lm.call import LMCall
from optimizer.lm.failures import (
    CallFailed,
    NoReply,
    Overloaded,
    PromptRefused,
    ProviderRefused,
    SchemaRefused,
    ServerFailed,
    Unreachable,
)
from optimizer.lm.litellm_client import LiteLLMClient
from tests.fakes.openai_server import OpenAIServer
from tests.optimizer.test_openai_http import CANARY, call


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def named(made: LMCall, model: str = "openai/gpt-4o-mini") -> LMCall:
    return LMCall(model, made.role, made.messages, made.schema, made.temperature, made.max_tokens)


def failure_of(client: LiteLLMClient, made: LMCall) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        asyncio.run(client.complete(made))
    return failed.value


def test_a_call_is_one_request_with_its_schema(server: OpenAIServer) -> None:
    reply = asyncio.run(LiteLLMClient(CANARY, server.url).complete(named(call())))
    assert reply.text in ('{"label": "ham"}', '{"label": "spam"}')
    assert reply.prompt_tokens > 0
    (body,) = server.requests
    assert body["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("429", Overloaded),
        ("500", ServerFailed),
        ("503", ServerFailed),
        ("401", ProviderRefused),
        ("404", ProviderRefused),
        ("400", PromptRefused),
    ],
)
def test_failures_are_told_apart_and_cost_one_request(
    server: OpenAIServer, fault: str, kind: type[CallFailed]
) -> None:
    server.fault = lambda body, number: fault
    failure = failure_of(LiteLLMClient(CANARY, server.url), named(call()))
    assert type(failure) is kind
    assert f"answered {fault}" in str(failure)
    assert "Rate limit reached" in failure.said or f"scripted failure {fault}" in failure.said
    assert "scripted" not in str(failure)
    assert len(server.requests) == 1


def test_a_provider_that_cannot_constrain_replies_is_asked_without_from_then_on() -> None:
    with OpenAIServer(constrains=False) as server:
        client = LiteLLMClient(CANARY, server.url)
        assert type(failure_of(client, named(call()))) is SchemaRefused
        asyncio.run(client.complete(named(call())))
        assert ["response_format" in body for body in server.requests] == [True, False]


def test_a_reply_that_does_not_come_is_cut_off_at_the_deadline(server: OpenAIServer) -> None:
    server.fault = lambda body, number: "hang"
    failure = failure_of(LiteLLMClient(CANARY, server.url, deadline=1.0), named(call()))
    assert type(failure) is NoReply
    assert len(server.requests) == 1


def test_a_dead_endpoint_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        assert type(failure_of(LiteLLMClient(CANARY, url), named(call()))) is Unreachable


def test_a_key_that_the_provider_echoes_is_in_no_message() -> None:
    with OpenAIServer(key="another") as server:
        failure = failure_of(LiteLLMClient(CANARY, server.url), named(call()))
    assert type(failure) is ProviderRefused
    assert "CANARY" not in f"{failure}{failure.said}"


@pytest.mark.parametrize("model", ["no-such-provider/no-such-model", "gpt-4o-mini"])
def test_a_model_that_cannot_be_called_is_refused_for_good(
    monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    failure = failure_of(LiteLLMClient(), named(call(), model))
    assert type(failure) is ProviderRefused


def test_a_metadata_address_is_refused() -> None:
    failure = failure_of(LiteLLMClient("", "http://169.254.169.254/v1"), named(call()))
    assert type(failure) is ProviderRefused
    assert "never models" in str(failure)

"""Errors that come as good answers are those that they say they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from optimizer.core.programs.lm import Reply
from optimizer.lm.failures import (
    CallFailed,
    Charge,
    Garbled,
    Overloaded,
    PromptRefused,
    ProviderRefused,
    ServerFailed,
    Withheld,
    of_status,
)
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.ways import WAYS, Way, outcome_of

ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


def outcome_with(way: Way, said: Any, headers: dict[str, str] | None = None) -> Reply | CallFailed:
    with OpenAIServer(wants=lambda body: web.json_response(said, headers=headers)) as server:
        return outcome_of(way.client(server.root, "key-key-key"), way.call())


@ways
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"error": {"message": "Rate limit reached", "code": 429}}, Overloaded),
        ({"error": {"message": "slow down", "code": "429"}}, Overloaded),
        ({"error": {"message": "x", "type": "rate_limit_error"}}, Overloaded),
        ({"error": "Too many requests"}, Overloaded),
        ({"error": {"status": "RESOURCE_EXHAUSTED", "message": "later"}}, Overloaded),
        ({"choices": [], "error": {"message": "x", "code": 429}}, Overloaded),
        ({"code": 429, "message": "too fast"}, Overloaded),
        ({"object": "error", "message": "Rate limit", "code": 429}, Overloaded),
        ({"errors": [{"message": "x", "code": 429}]}, Overloaded),
        ({"error": {"message": "User not found.", "code": 401}}, ProviderRefused),
        ({"error": {"message": "Invalid API key"}}, ProviderRefused),
        ({"error": {"code": "insufficient_quota", "message": "x"}}, ProviderRefused),
        ({"error": {"message": "no credits", "code": 402}}, ProviderRefused),
        ({"error": {"message": "Provider returned error", "code": 502}}, ServerFailed),
        ({"choices": [{"error": {"code": 502, "message": "x"}, "finish_reason": "error",
                       "message": {"role": "assistant", "content": ""}}]}, ServerFailed),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}, Overloaded),
        ({"error": {"message": "x", "code": 529}}, Overloaded),
        ({"error": {"message": "The engine is overloaded"}}, ServerFailed),
        ({"error": {"message": "content_filter", "code": 400}}, PromptRefused),
        ({"error": {"message": "what nobody knows"}}, Garbled),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, Withheld),
    ],
)  # fmt: skip
def test_an_error_in_a_good_answer_is_treated_as_its_status(
    way: Way, said: Any, kind: type[CallFailed]
) -> None:
    assert type(outcome_with(way, said)) is kind


def test_one_of_too_many_is_waited_for_as_it_asks_and_costs_nothing() -> None:
    failure = outcome_with(WAYS[0], {"error": {"code": 429, "message": "x"}}, {"Retry-After": "7"})
    assert isinstance(failure, Overloaded)
    assert (failure.retry_after, failure.charge) == (7.0, Charge.NOTHING)
    raw = {"code": 429, "message": "x", "metadata": {"headers": {"Retry-After": "9"}}}
    failure = outcome_with(WAYS[0], {"error": raw})
    assert isinstance(failure, CallFailed)
    assert failure.retry_after == 9.0


def test_a_reply_with_an_empty_error_is_a_reply() -> None:
    message = {"role": "assistant", "content": "well"}
    said = {"error": None, "choices": [{"message": message, "finish_reason": "stop"}]}
    assert isinstance(outcome_with(WAYS[0], said), Reply)


def test_what_stands_behind_a_gateway_is_told() -> None:
    raw = json.dumps({"error": {"message": "max_tokens is not supported"}})
    said = {"message": "Provider returned error", "code": 400, "metadata": {"raw": raw}}
    failure = outcome_with(WAYS[0], {"error": said})
    assert isinstance(failure, CallFailed)
    assert "max_tokens is not supported" in failure.said


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (403, "Your input was flagged by moderation", PromptRefused),
        (403, "Access denied", ProviderRefused),
        (429, "insufficient_quota: check your plan and billing details", ProviderRefused),
        (429, "Rate limit reached", Overloaded),
        (529, "Overloaded", Overloaded),
        (400, "data_inspection_failed", PromptRefused),
        (451, "prohibited_content", PromptRefused),
    ],
)
def test_words_tell_a_prompt_from_an_account(
    status: int, words: str, kind: type[CallFailed]
) -> None:
    assert type(of_status(status, "it", words)) is kind


def test_a_wait_that_comes_with_529_is_kept() -> None:
    assert of_status(529, "it", "Overloaded", 7.0).retry_after == 7.0


def test_a_wait_may_be_said_as_the_time_at_which_it_ends() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    failure = outcome_with(WAYS[0], {"error": {"code": 429}}, {"Retry-After": until})
    assert isinstance(failure, Overloaded)
    assert failure.retry_after is not None
    assert 20 < failure.retry_after <= 30

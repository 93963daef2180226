"""Providers that LiteLLM may call: each by our transport alone, to its own address."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from optimizer.core.problems import Refused
from optimizer.core.programs.lm import Message, Role
from optimizer.lm import litellm_client
from optimizer.lm.answers import MOST_PARTS
from optimizer.lm.breaker import (
    FIRST_FAILURES,
    LATER_CALLS,
    SECOND_SECONDS,
    SILENCE_SECONDS,
)
from optimizer.lm.call import LMCall
from optimizer.lm.embeddings import embedding_call
from optimizer.lm.failures import CallFailed, ProviderRefused
from optimizer.lm.families import ORIGINS, family_of
from optimizer.lm.guard import Egress
from optimizer.lm.litellm_client import LiteLLMClient
from optimizer.lm.retry import LONGEST_WAIT
from optimizer.lm.transport import (
    CONNECT_SECONDS,
    DEADLINE,
    ERROR_BYTES,
    ERROR_SECONDS,
    LONG_AT_ONCE,
    LONG_BYTES,
    Answer,
)
from optimizer.lm.unpacking import MOST_BYTES, most_bytes
from optimizer.running.role_client import FAILURES_IN_A_ROW
from optimizer.running.role_clients import OWN_DEADLINE
from tests.fakes.completions import completion
from tests.fakes.ways import outcome_of

KEY = "sk-CANARY-0123456789"
SIDE_DOORS = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "os.exec", "os.posix_spawn")
READ = (".aws", ".netrc", "_netrc", "gcloud", "/run/secrets", ".azure", ".oci")


class Sent:
    """Stands in for the transport: keeps what would go out, and answers in its format."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.headers: list[Mapping[str, str]] = []

    def __call__(self, *_: object) -> Sent:
        return self

    @asynccontextmanager
    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int
    ) -> AsyncIterator[Answer]:
        self.urls.append(url)
        self.headers.append(headers)
        path = url.partition("?")[0]
        yield Answer(200, json.dumps(completion(path, "m", "said")).encode())

    async def aclose(self) -> None:
        return None


class Watch:
    """What this process does beside: an audit hook cannot be taken off, so it is switched off."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.on = False
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        path = str(arguments[0]) if event == "open" else ""
        if event in SIDE_DOORS or any(name in path for name in READ):
            self.seen.append(f"{event} {arguments}")


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    made = Sent()
    monkeypatch.setattr(litellm_client, "Transport", made)
    return made


def test_the_watch_sees_what_it_has_to(watch: Watch) -> None:
    watch.on = True
    socket.getaddrinfo("127.0.0.1", 80)
    watch.on = False
    assert len(watch.seen) == 1


def call(model: str) -> LMCall:
    said = (Message("system", "Sort."), Message("user", "one"))
    return LMCall(model, Role.TASK, said, None, 0.0, 50)


def asked(client: LiteLLMClient, model: str, watch: Watch) -> None:
    outcome_of(client, call("openai/first"))  # imports what it imports
    watch.seen.clear()
    watch.on = True
    try:
        asyncio.run(client.complete(call(model)))
    except CallFailed:
        assert "cohere" in model  # its replies have a form of their own, which is not spoken here
    finally:
        watch.on = False


@pytest.mark.parametrize("family", [name for name, origin in ORIGINS.items() if origin])
def test_a_family_calls_its_own_address_once_with_its_key_and_does_nothing_else(
    family: str, sent: Sent, watch: Watch
) -> None:
    asked(LiteLLMClient(KEY, egress=Egress()), f"{family}/some-model", watch)
    url, headers = sent.urls[-1], sent.headers[-1]
    assert len(sent.urls) == 2
    assert url.startswith(ORIGINS[family] + "/")
    assert [name for name, value in headers.items() if KEY in value] in (
        ["authorization"], ["x-api-key"], ["x-goog-api-key"],
    )  # fmt: skip
    assert KEY not in url
    assert watch.seen == []


@pytest.mark.parametrize("family", [name for name, origin in ORIGINS.items() if origin])
def test_a_family_that_is_asked_for_vectors_calls_its_own_address_or_nobody(
    family: str, sent: Sent, watch: Watch
) -> None:
    client = LiteLLMClient(KEY, egress=Egress())
    outcome_of(client, call("openai/first"))
    watch.seen.clear()
    watch.on = True
    outcome = outcome_of(client, embedding_call(f"{family}/some-model", ["one", "two"]))
    watch.on = False
    # The stand-in answers everybody with a completion; some families make no vectors, and Cohere's
    # are made elsewhere.
    told = ("is not a vector", "cannot make a call", "another address")
    assert any(words in str(outcome) for words in told)
    assert len(sent.urls) <= 2
    assert all(url.startswith(ORIGINS[family] + "/") for url in sent.urls[1:])
    assert KEY not in "".join(sent.urls)
    assert watch.seen == []


@pytest.mark.parametrize("family", ORIGINS)
def test_a_family_with_an_address_of_its_own_calls_that(
    family: str, sent: Sent, watch: Watch
) -> None:
    base = "http://127.0.0.1:9/v1"
    asked(LiteLLMClient("", base, egress=Egress()), f"{family}/some-model", watch)
    assert len(sent.urls) == 2
    assert sent.urls[-1].startswith("http://127.0.0.1:9/")
    assert not {"authorization", "api-key", "x-api-key", "x-goog-api-key"} & set(sent.headers[-1])
    assert watch.seen == []


@pytest.mark.parametrize(
    "model",
    [
        "sagemaker/endpoint", "sagemaker_chat/endpoint", "bedrock/anthropic.claude", "vertex_ai/x",
        "vertex_ai_beta/x", "watsonx/x", "huggingface/x", "ollama/x", "ollama_chat/x", "oci/x",
        "replicate/x", "custom/x", "databricks/x", "github_copilot/gpt", "chatgpt/gpt", "petals/x",
        "aiohttp_openai/x", "gigachat/x", "sap/x", "gdc/x", "no-such-provider/no-such-model",
        "OpenAI/gpt", " openai/gpt", "openai", "openai/", "/gpt", "gpt-4o-mini", "os.environ/X",
    ],
)  # fmt: skip
def test_any_other_provider_is_refused_before_litellm_hears_of_it(model: str, sent: Sent) -> None:
    with pytest.raises(Refused):
        family_of(model)
    for base in ("", "http://127.0.0.1:9/v1"):
        outcome = outcome_of(LiteLLMClient(KEY, base, egress=Egress()), call(model))
        assert type(outcome) is ProviderRefused
    assert "OpenAI-compatible" in str(outcome) or "provider/model" in str(outcome)
    assert sent.urls == []


@pytest.mark.parametrize(
    ("key", "base", "model"),
    [
        ("os.environ/SECRET_KEY", "", "openai/gpt"),
        ("oidc/env/DATABASE_URL", "", "openai/gpt"),
        ("oidc/file//etc/passwd", "", "azure/gpt"),
        (KEY, "os.environ/DATABASE_URL", "openai/gpt"),
        (KEY, "", "openai/os.environ/SECRET_KEY"),
        (KEY, "file:///etc/passwd", "openai/gpt"),
        (KEY, "s3://bucket/key", "openai/gpt"),
        ("", "", "openai/gpt"),
        (KEY, "", "azure/gpt"),
    ],
)
def test_nothing_is_looked_up_for_a_key_an_address_or_a_model(
    key: str, base: str, model: str, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "the-server's-own")
    outcome = outcome_of(LiteLLMClient(key, base, egress=Egress()), call(model))
    assert type(outcome) is ProviderRefused
    assert "server's-own" not in str(outcome)
    assert sent.urls == []


@pytest.mark.parametrize(
    "model",
    [
        "anthropic/replicate-this", "cohere/clarifai-x", "gemini/../../../x?key=1#", "openai/@evil",
        "anthropic/petals", "openai/responses/gpt", "mistral/http://127.0.0.1:1/", "openai/ft:x",
    ],
)  # fmt: skip
def test_no_name_of_a_model_leads_to_another_address(model: str, sent: Sent) -> None:
    outcome_of(LiteLLMClient(KEY, egress=Egress()), call(model))
    usual = ORIGINS[model.partition("/")[0]]
    assert all(url.startswith(usual + "/") for url in sent.urls)
    assert len(sent.urls) <= 1


def test_the_documentation_lists_the_families_and_the_bounds_as_they_are() -> None:
    told = Path("docs/providers.md").read_text("utf-8")
    section = told[told.index("names (`provider/model`)") : told.index("* **Others**")]
    assert set(re.findall(r"`([a-z0-9_]+)`", section)) == set(ORIGINS)
    for bound in (
        f"{most_bytes(0):,} bytes and {most_bytes(1) - most_bytes(0)} for each token",
        f"{MOST_BYTES:,} bytes at most", f"values in it | {MOST_PARTS:,} |",
        f"longer than {LONG_BYTES:,} bytes that are read at the same time | {LONG_AT_ONCE} |",
        f"{ERROR_BYTES:,} bytes, for {ERROR_SECONDS:g} s", f"{DEADLINE:g} s; {OWN_DEADLINE:g} s",
        f"{CONNECT_SECONDS:g} s |",
        f"for {SILENCE_SECONDS:g} s nothing", f"from {FIRST_FAILURES} attempts before",
        f"from {LATER_CALLS} different calls", f"an attempt gets {SECOND_SECONDS:g} s",
        f"{FAILURES_IN_A_ROW} calls in a row", f"({LONGEST_WAIT:g} s at most)",
    ):  # fmt: skip
        assert bound in told

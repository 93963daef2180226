"""Calls to local addresses by a worker: refused before anything is connected, until allowed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import pytest
from django.db import connection

from optimizer.core.conversation.spec import Limits, RunSpec
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.jobs import controls, model_checks, starting
from optimizer.jobs.model_checks import ModelCheck
from optimizer.lm import secrets
from optimizer.models import AllowedAddress, Provider, Run
from optimizer.running.runner import Means, run
from tests.allowance import allow_loopback
from tests.evaluations import checked
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.telling import refused, told

KINDS = {"openai_compatible": "scripted", "litellm": "openai/scripted"}


@pytest.fixture
def nothing_allowed(transactional_db: None) -> Iterator[None]:
    AllowedAddress.objects.all().delete()
    yield
    AllowedAddress.objects.all().delete()
    allow_loopback()


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def provider_at(url: str, kind: str = "openai_compatible") -> Provider:
    return Provider.objects.create(
        namespace="project-1", name=f"Local {url}", kind=kind, api_base=url,
        models_offered=[KINDS[kind]], secret=secrets.encrypt("sk-CANARY-0123456789"),
        input_price=0, output_price=0, family="openai" if kind == "litellm" else "",
    )  # fmt: skip


def told_of(provider: Provider, model: str = "") -> ModelCheck:
    checked(provider, model=model or KINDS.get(provider.kind, "scripted"))
    return model_checks.latest(provider)


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_to_this_machine_is_refused_until_it_is_allowed(
    nothing_allowed: None, server: OpenAIServer, kind: str
) -> None:
    there = provider_at(server.url, kind)
    row = told_of(there)
    assert row.state == "failed"
    assert f"127.0.0.1:{server.port} is local or private" in told(row.message)
    assert "An administrator of this installation can allow it" in told(row.message)
    assert row.said == ""
    assert server.requests == []
    AllowedAddress.objects.create(host="127.0.0.1/32", port=server.port)
    assert told_of(there).state == "works"


@pytest.mark.parametrize("kind", KINDS)
def test_whether_anybody_listens_is_not_told_and_nobody_is_connected_to(
    nothing_allowed: None, kind: str
) -> None:
    with socket.socket() as listening, socket.socket() as silent:
        for each in (listening, silent):
            each.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        said = []
        for each in (listening, silent):
            port = each.getsockname()[1]
            row = told_of(provider_at(f"http://127.0.0.1:{port}/v1", kind))
            said.append(told(row.message).replace(str(port), "PORT"))
        assert said[0] == said[1]
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_the_embedded_model_is_called_without_anybody_allowing_it(
    nothing_allowed: None, server: OpenAIServer, settings: object
) -> None:
    settings.EMBEDDED_MODEL_URL = server.url  # type: ignore[attr-defined]
    own = Provider.objects.create(namespace="project-1", name="Embedded", kind="embedded")
    assert told_of(own).state == "works"


def test_a_run_cannot_start_with_an_address_that_is_not_allowed(
    spec: RunSpec, nothing_allowed: None
) -> None:
    with refused("is local or private", "models.task"):
        starting.create_run(spec)
    assert not Run.objects.exists()


def test_a_run_from_before_says_what_to_do_and_goes_on_when_it_is_allowed(
    spec: RunSpec, provider: Provider, server: OpenAIServer
) -> None:
    Provider.objects.filter(pk=provider.pk).update(api_base=server.url)
    row = starting.create_run(replace(spec, limits=Limits(), test=()))
    AllowedAddress.objects.all().delete()
    try:
        run(row.pk, Means(OPTIMIZERS, stopping=threading.Event()))
        row.refresh_from_db()
        assert (row.status, row.used_calls) == ("failed", 0)
        assert "is local or private. An administrator of this installation" in told(row.message)
        assert server.requests == []
    finally:
        allow_loopback()
    controls.resume(row.pk)
    run(row.pk, Means(OPTIMIZERS, stopping=threading.Event()))
    row.refresh_from_db()
    assert row.status == "finished"


# --- A key is its vendor's ------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["anthropic/claude-x", "openrouter/openai/x", "gpt-x", "zz/x"])
def test_a_stored_key_is_not_sent_with_a_model_of_another_vendor(
    transactional_db: None, server: OpenAIServer, model: str
) -> None:
    row = provider_at(server.url, "litellm")
    assert told_of(row, model).state == "failed"
    assert server.requests == []


def test_a_provider_of_several_vendors_sends_its_key_to_none(
    transactional_db: None, server: OpenAIServer
) -> None:
    row = provider_at(server.url, "litellm")
    Provider.objects.filter(pk=row.pk).update(family="")
    assert "are of several vendors" in told_of(row).message
    assert server.requests == []


def test_a_run_is_not_started_with_a_model_of_another_vendor(
    spec: RunSpec, provider: Provider
) -> None:
    Provider.objects.filter(pk=provider.pk).update(kind="litellm", family="anthropic", api_base="")
    with refused("does not name its provider"):
        starting.create_run(spec)
    models = {role: replace(ref, model="openai/x") for role, ref in spec.models.items()}
    with refused("is no model of anthropic"):
        starting.create_run(replace(spec, models=models))


@pytest.mark.parametrize(
    ("models", "family"),
    [
        (["openai/a", "openai/b"], "openai"),
        (["openai/a", "anthropic/b"], ""),
        (["bedrock/a"], "bedrock"),
    ],
)
def test_an_upgrade_derives_the_vendor_where_there_is_one(
    transactional_db: None, models: list[str], family: str
) -> None:
    row = provider_at("", "litellm")
    Provider.objects.filter(pk=row.pk).update(family="", models_offered=models)
    own = Provider.objects.create(namespace="cli", name="groq", kind="litellm")
    with connection.cursor() as cursor:
        cursor.execute(import_module("optimizer.migrations.0007_families").ONE_VENDOR)
    row.refresh_from_db()
    own.refresh_from_db()
    assert (row.family, own.family) == (family, "groq")

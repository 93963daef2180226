"""Where calls may go: what an administrator allowed, judged as it will be connected to."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from pytest_django import Settings

from optimizer.core.problems import Refused
from optimizer.lm import egress
from optimizer.lm.egress import AllowList, target_of
from optimizer.lm.guard import EVERYWHERE, ForbiddenAddress
from optimizer.models import AllowedAddress, Provider

THIS_MACHINE = (
    "http://127.0.0.1:8080/v1", "http://127.1:8080", "http://2130706433:8080/v1",
    "http://0x7f.0.0.1:8080", "http://0177.0.0.1:8080", "http://１２７.0.0.1:8080",
    "http://127。0。0。1:8080/v1", "http://①②⑦.0.0.1:8080", "http://[::1]:8080/v1",
    "http://[::ffff:127.0.0.1]:8080", "http://localhost:8080", "HTTP://LocalHost:8080/v1",
    "http://api.openai.com@127.0.0.1:8080/", "http://127.0.0.1:8080#@api.openai.com/",
    "http://127.0.0.1:8080?@api.openai.com/",
)  # fmt: skip
INSIDE = (
    "http://10.0.0.5/v1",
    "http://192.168.1.9:8000",
    "http://[fd12::7]/v1",
    "http://100.64.1.1",
)
NEVER = (
    "http://169.254.169.254/latest", "http://2852039166", "http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/v1",
    "http://169。254。169。254/", "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/",
    "http://0.0.0.0:8080/", "http://[fe80::1]/",
)  # fmt: skip


@pytest.fixture
def nothing_allowed(db: None) -> None:
    AllowedAddress.objects.all().delete()


def refusal(url: str) -> ForbiddenAddress:
    found = AllowList.now().refusal(url, patience=1.0)
    assert found is not None, url
    return found


@pytest.mark.parametrize("url", THIS_MACHINE)
def test_this_machine_is_refused_in_every_spelling_until_it_is_allowed(
    nothing_allowed: None, url: str
) -> None:
    found = refusal(url)
    assert not found.never
    assert "is local or private. An administrator of this installation can allow it" in str(found)
    AllowedAddress.objects.create(host="127.0.0.1/32", port=8080)
    assert AllowList.now().refusal(url) is None


@pytest.mark.parametrize("url", INSIDE)
def test_private_networks_are_refused_until_they_are_allowed(
    nothing_allowed: None, url: str
) -> None:
    assert not refusal(url).never
    for network in ("10.0.0.0/8", "192.168.0.0/16", "fd00::/8", "100.64.0.0/10"):
        AllowedAddress.objects.create(host=network)
    assert AllowList.now().refusal(url) is None


@pytest.mark.parametrize("url", NEVER)
def test_what_is_never_a_model_is_refused_whatever_is_allowed(
    nothing_allowed: None, url: str
) -> None:
    for network in ("0.0.0.0/0", "::/0"):
        AllowedAddress.objects.create(host=network)
    assert refusal(url).never


def test_an_allowance_is_for_its_port(nothing_allowed: None) -> None:
    AllowedAddress.objects.create(host="127.0.0.1/32", port=11434)
    assert AllowList.now().refusal("http://127.0.0.1:11434/v1") is None
    assert "127.0.0.1:5432" in str(refusal("http://127.0.0.1:5432/v1"))


def test_the_sentence_is_the_same_whether_anybody_listens(nothing_allowed: None) -> None:
    with socket.socket() as listening, socket.socket() as silent:
        for each in (listening, silent):
            each.bind(("127.0.0.1", 0))
        listening.listen()
        told = []
        for each in (listening, silent):
            port = each.getsockname()[1]
            told.append(str(refusal(f"http://127.0.0.1:{port}/v1")).replace(str(port), "PORT"))
        assert told[0] == told[1]
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_public_addresses_need_no_allowance(nothing_allowed: None) -> None:
    assert AllowList.now().refusal("https://8.8.8.8/v1") is None


def looked_up(monkeypatch: pytest.MonkeyPatch, **names: str) -> list[str]:
    """Names of tests mean these numbers; returns what was asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, port: int | None, *args: Any, **options: Any) -> Any:
        if host.partition(".")[0] in names and not options.get("flags"):
            asked.append(host)
            return real(names[host.partition(".")[0]], port, *args, **options)
        return real(host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def test_a_name_is_judged_by_what_it_means_and_its_number_is_not_told(
    nothing_allowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up(monkeypatch, gpu="10.9.8.7")
    found = str(refusal("http://gpu.test:8000/v1"))
    assert "gpu.test:8000" in found
    assert "10.9.8.7" not in found


def test_an_allowed_name_opens_what_it_means_now_and_nothing_else(
    nothing_allowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = looked_up(monkeypatch, gpu="10.9.8.7", other="10.9.8.6")
    AllowedAddress.objects.create(host="gpu.test", port=8000)
    allowed = AllowList.now()
    assert allowed.refusal("http://gpu.test:8000/v1", patience=1.0) is None
    assert allowed.refusal("http://gpu.test:9000/v1", patience=1.0) is not None
    assert allowed.refusal("http://other.test:8000/v1", patience=1.0) is not None
    asked.clear()
    allowed.egress("http://10.1.1.1:8000/")
    assert asked == []  # another provider's name is nobody's business


def test_a_name_that_takes_long_holds_nobody_up(
    nothing_allowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = threading.Event()
    monkeypatch.setattr(egress.Target, "numbers", lambda self: [str(known.wait(10))])
    assert AllowList.now().refusal("http://slow.test/v1", patience=0.05) is None
    known.set()


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8080", "ftp://10.0.0.1", "http://", "http://x:0/", "http://x:99999/"]
)
def test_what_leads_nowhere_is_said(url: str) -> None:
    with pytest.raises(Refused):
        target_of(url)


def test_the_embedded_model_is_allowed_as_long_as_it_runs(
    nothing_allowed: None, settings: Settings
) -> None:
    settings.EMBEDDED_MODEL_URL = "http://127.0.0.1:8123/v1"
    assert AllowList.now().refusal("http://127.0.0.1:8123/v1") is None
    own = egress.of_provider(Provider(namespace="project-1", kind=Provider.Kind.EMBEDDED))
    own.check("127.0.0.1", 8123)
    with pytest.raises(ForbiddenAddress):
        own.check("127.0.0.1", 8124)
    settings.EMBEDDED_MODEL_URL = None
    assert AllowList.now().refusal("http://127.0.0.1:8123/v1") is not None


def test_an_embedded_model_by_name_is_allowed_as_in_docker(
    nothing_allowed: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up(monkeypatch, model="172.18.0.4", db="172.18.0.5")
    settings.EMBEDDED_MODEL_URL = "http://model:8001/v1"
    own = egress.of_provider(Provider(namespace="project-1", kind=Provider.Kind.EMBEDDED))
    own.check("172.18.0.4", 8001)
    with pytest.raises(ForbiddenAddress):
        own.check("172.18.0.5", 8001)
    assert refusal("http://db:8001/v1")


def test_whoever_is_at_a_shell_may_call_any_machine(nothing_allowed: None) -> None:
    provider = Provider(
        namespace="cli", kind=Provider.Kind.OPENAI_COMPATIBLE, api_base="http://10.0.0.5/v1"
    )
    assert egress.of_provider(provider) is EVERYWHERE
    assert AllowList.now().refusal_of(provider) is None
    provider.namespace = "project-1"
    assert AllowList.now().refusal_of(provider) is not None

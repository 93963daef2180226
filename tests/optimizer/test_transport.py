"""The one way out, by each client and format: bounded, nothing followed, failures told alike."""

from __future__ import annotations

import asyncio
import ipaddress
import resource
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.programs.lm import Reply
from optimizer.lm import connector, transport
from optimizer.lm.failures import (
    CallFailed,
    Charge,
    Garbled,
    NoReply,
    NotFound,
    Overloaded,
    PromptRefused,
    ProviderRefused,
    ServerFailed,
    Silent,
    TimedOut,
    Unreachable,
)
from optimizer.lm.guard import Egress, Opening
from tests.fakes.faults import FAULTS, REDIRECTS
from tests.fakes.openai_server import Body, OpenAIServer
from tests.fakes.ways import WAYS, Way, outcome_of, said_by

CANARY = "sk-CANARY-0123456789"
KINDS: dict[str, type[CallFailed] | type[Reply]] = {
    **dict.fromkeys(("400", "409", "413", "422", "no_schema"), PromptRefused),
    **dict.fromkeys(("nul_error", "half_error"), PromptRefused),
    **dict.fromkeys(("401", "402", "403", "redirect"), ProviderRefused),
    "404": NotFound,
    **dict.fromkeys(map(str, REDIRECTS), ProviderRefused),
    **dict.fromkeys(("429", "429_alone"), Overloaded),
    **dict.fromkeys(("500", "502", "503", "504"), ServerFailed),
    **dict.fromkeys(("500_bomb", "500_endless", "500_drip"), ServerFailed),
    **dict.fromkeys(("401_brotli", "401_reset"), ProviderRefused),
    **dict.fromkeys(("408", "reset"), NoReply),
    **dict.fromkeys(("garbage", "nothing", "truncated", "empty", "list", "deep"), Garbled),
    **dict.fromkeys(("parts", "some_parts"), Garbled),
    **dict.fromkeys(("no_choices", "number", "page"), Garbled),
    "null": Silent,
    "error_in_200": ServerFailed,
    **dict.fromkeys(("gzip_bomb", "deflate_bomb", "bomb_in_bomb", "bad_gzip"), Garbled),
    **dict.fromkeys(("brotli", "zstd", "endless", "huge"), Garbled),
    **dict.fromkeys(("reset_after_headers", "no_http", "one_header", "many_headers"), Garbled),
    **dict.fromkeys(("nul_content", "half_content", "nul_finish", "half_finish"), Reply),
    **dict.fromkeys(("long_finish", "negative_usage", "giant_usage", "worded_usage"), Reply),
    **dict.fromkeys(("wrong_type",), Reply),
    **dict.fromkeys(("drip", "drip_headers", "hang", "informed"), TimedOut),
}
"""What each fault is to the ledger: the same by whichever client it comes."""
NOTHING_SAID = {"null", "no_choices"}
"""Faults that some formats have no other word for than nothing said, or than no completion."""
MOST_TOKENS = 50_000
SLOW = ("drip", "drip_headers", "hang", "informed")

ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def megabytes() -> float:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_every_fault_has_its_kind() -> None:
    assert KINDS.keys() == FAULTS.keys()


@ways
@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in SLOW])
def test_a_fault_is_told_alike_by_every_client_and_costs_one_request(
    server: OpenAIServer, way: Way, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ERROR_SECONDS", 0.2)
    server.fault = lambda body, number: fault
    outcome = outcome_of(way.client(server.root, CANARY), way.call())
    kinds = (Silent, Garbled) if fault in NOTHING_SAID and not way.direct else (KINDS[fault],)
    assert type(outcome) in kinds, outcome
    assert len(server.requests) == 1
    assert server.followed == 0
    assert "an internal page" not in f"{outcome}{getattr(outcome, 'said', '')}"


@pytest.mark.parametrize(
    ("way", "fault"),
    [*((way, fault) for way in WAYS[:2] for fault in SLOW), *((way, "hang") for way in WAYS[2:])],
    ids=lambda given: getattr(given, "name", given),
)
def test_a_reply_that_does_not_end_is_cut_off_at_the_deadline(
    server: OpenAIServer, way: Way, fault: str
) -> None:
    server.fault = lambda body, number: fault
    outcome = outcome_of(way.client(server.root, deadline=1.0), way.call())
    assert type(outcome) is TimedOut
    assert "within 1 s" in str(outcome)
    assert len(server.requests) == 1


@ways
@pytest.mark.parametrize(
    "fault",
    ["gzip_bomb", "deflate_bomb", "bomb_in_bomb", "endless", "huge", "many_headers", "parts",
     "some_parts", "500_bomb", "500_endless"],
)  # fmt: skip
def test_what_unpacks_or_goes_on_to_gigabytes_costs_nothing_noticeable(
    server: OpenAIServer, way: Way, fault: str
) -> None:
    said_by(way.client(server.root), way.call())  # what the client itself takes
    server.fault = lambda body, number: fault
    before = megabytes()
    for _ in range(3):
        long = replace(way.call(), max_tokens=MOST_TOKENS)
        assert type(outcome_of(way.client(server.root), long)) is KINDS[fault]
    assert megabytes() - before < 50


@pytest.mark.parametrize("way", WAYS[:2], ids=lambda way: way.name)
def test_many_long_replies_at_once_are_read_in_turns(way: Way) -> None:
    text = "x" * 1_900_000

    async def spoken(root: str) -> set[int]:
        client = way.client(root, deadline=60.0)
        calls = [replace(way.call(f"message {n}"), max_tokens=MOST_TOKENS) for n in range(24)]
        replies = await asyncio.gather(*map(client.complete, calls))
        await client.aclose()
        return {len(reply.text) for reply in replies}

    def said(body: Body) -> str:
        return text if "message" in body["messages"][-1]["content"] else "short"

    with OpenAIServer(script=said, coding="gzip") as server:
        said_by(way.client(server.root), way.call("one"))
        before = megabytes()
        assert asyncio.run(spoken(server.root)) == {len(text)}
        assert server.most_at_once > 4
    assert megabytes() - before < 200  # 46 of them are what was said


@ways
def test_something_sent_without_an_answer_is_doubted_and_nothing_sent_is_not(
    server: OpenAIServer, way: Way
) -> None:
    for fault, charge in (("reset", Charge.DOUBT), ("garbage", Charge.DOUBT)):
        server.fault = lambda body, number, fault=fault: fault
        outcome = outcome_of(way.client(server.root), way.call())
        assert isinstance(outcome, CallFailed)
        assert outcome.charge is charge
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{unused.getsockname()[1]}"
        outcome = outcome_of(way.client(root), way.call())
    assert type(outcome) is Unreachable
    assert "Is the server running?" in str(outcome)
    assert outcome.charge is Charge.NOTHING


@ways
def test_a_rate_limit_says_how_long_to_wait(server: OpenAIServer, way: Way) -> None:
    server.fault = lambda body, number: "429"
    outcome = outcome_of(way.client(server.root), way.call())
    assert isinstance(outcome, Overloaded)
    assert outcome.retry_after == 0.05


@ways
def test_a_reply_without_usage_is_taken_as_it_is(way: Way) -> None:
    with OpenAIServer(usage=False) as server:
        (reply,) = said_by(way.client(server.root), way.call())
    assert (reply.prompt_tokens, reply.completion_tokens) == (0, 0)


@ways
def test_a_key_goes_where_its_provider_looks_for_it_and_no_key_goes_nowhere(
    server: OpenAIServer, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI", "ANTHROPIC", "GEMINI", "GOOGLE", "MISTRAL"):
        monkeypatch.setenv(f"{name}_API_KEY", "sk-OPERATOR-0123456789")
    said_by(way.client(server.root, CANARY), way.call())
    said_by(way.client(server.root), way.call())
    with_key, without = server.headers
    assert [name for name, value in with_key.items() if CANARY in value] in (
        ["authorization"], ["x-api-key"], ["x-goog-api-key"],
    )  # fmt: skip
    assert CANARY not in str(server.paths)
    assert not {"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"} & set(without)
    assert "OPERATOR" not in str(server.headers) + str(server.paths)
    assert "has-no-key" not in str(server.headers) + str(server.paths)


@ways
def test_a_key_that_the_provider_echoes_is_in_no_message(way: Way) -> None:
    with OpenAIServer(key="another") as server:
        outcome = outcome_of(way.client(server.root, CANARY), way.call())
    assert type(outcome) is ProviderRefused
    assert "Incorrect API key" in outcome.said
    assert "CANARY" not in f"{outcome}{outcome.said}"


@ways
@pytest.mark.parametrize("key", ["line\nfeed", "re\rturn"])
def test_a_key_that_no_request_can_carry_is_refused_and_nothing_was_sent(
    server: OpenAIServer, way: Way, key: str
) -> None:
    outcome = outcome_of(way.client(server.root, key), way.call())
    assert type(outcome) is ProviderRefused
    assert server.requests == []


ODD = (
    "169.254.169.254", "①⑥⑨.②⑤④.①⑥⑨.②⑤④", "169。254。169。254", "１６９.254.169.254", "2852039166",
    "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]", "[::169.254.169.254]", "[64:ff9b::169.254.169.254]",
    "[64:ff9b:1::169.254.169.254]", "[2002:a9fe:a9fe::1]", "[2001:0:a9fe:a9fe::1]",
    "[fe80::1%25lo]",
    "[fe80::1]", "0.0.0.0", "0", "[::]", "100.100.100.200", "[fd00:ec2::254]", "[ff02::1]",
    "224.0.0.1", "255.255.255.255",
)  # fmt: skip


@ways
@pytest.mark.parametrize("host", ODD)
def test_what_is_never_a_model_is_refused_in_every_spelling_before_a_connection_is_made(
    way: Way, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", never)
    outcome = outcome_of(way.client(f"http://{host}", CANARY, deadline=3.0), way.call())
    assert type(outcome) is ProviderRefused, outcome


def never(*_: object) -> None:
    raise AssertionError("a connection was made")


@ways
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_a_private_address_needs_an_opening_of_its_port(
    server: OpenAIServer, way: Way, host: str
) -> None:
    root = f"http://{host}:{server.port}"
    closed = Egress((Opening(ipaddress.ip_network("127.0.0.0/8"), server.port + 1),))
    outcome = outcome_of(way.client(root, egress=closed), way.call())
    assert type(outcome) is ProviderRefused
    assert server.requests == []
    if host == "127.0.0.1":
        assert "administrator of this installation" in str(outcome)
    opened = Egress((Opening(ipaddress.ip_network("127.0.0.0/8"), server.port),))
    for _ in range(2):
        assert isinstance(outcome_of(way.client(root, egress=opened), way.call()), Reply)


class Names:
    """A name server of one name, whose answer is another each time it is asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        assert host == "rebind.test"
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, port))]


@ways
def test_a_name_that_changes_its_number_is_judged_by_the_one_that_is_connected_to(
    server: OpenAIServer, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names("127.0.0.1", "169.254.169.254")
    monkeypatch.setattr(socket, "getaddrinfo", names)
    root = f"http://rebind.test:{server.port}"
    assert isinstance(outcome_of(way.client(root), way.call()), Reply)
    assert names.asked == 1  # what was judged is what was connected to
    outcome = outcome_of(way.client(root), way.call())
    assert type(outcome) is ProviderRefused
    assert "rebind.test" in str(outcome)
    assert "169.254.169.254" not in str(outcome)
    assert len(server.requests) == 1


@ways
@pytest.mark.parametrize("blind", [("resolve",), ("resolve", "socket")])
def test_each_of_three_checks_is_enough_alone(
    server: OpenAIServer, way: Way, blind: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver, or a system, that lies about where it leads."""
    monkeypatch.setattr(socket, "getaddrinfo", Names("127.0.0.1"))

    async def resolve(self: Any, host: str, port: int = 0, family: Any = 0) -> Any:
        return await self._inner.resolve(host, port, family)

    def made(self: Any, info: Any) -> socket.socket:
        return socket.socket(*info[:3])

    monkeypatch.setattr(connector._Resolver, "resolve", resolve)
    if "socket" in blind:
        monkeypatch.setattr(connector.GuardedConnector, "_socket", made)
    root = f"http://rebind.test:{server.port}"
    outcome = outcome_of(way.client(root, egress=Egress()), way.call())
    assert type(outcome) is ProviderRefused
    assert "administrator of this installation" in str(outcome)
    assert server.requests == []


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1/v1", "file:///etc/passwd", "http://", "nothing"]
)
@ways
def test_only_http_is_spoken(way: Way, address: str) -> None:
    outcome = outcome_of(way.client(address), way.call())
    assert type(outcome) is ProviderRefused

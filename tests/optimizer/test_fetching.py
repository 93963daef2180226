"""Addresses that programs ask: where calls may go, once each, also when a worker is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.modules.react import ReAct
from optimizer.core.modules.tools import FetchTool, SearchTool
from optimizer.core.problems import Refused
from optimizer.core.programs.program import Program
from optimizer.core.programs.steps import Fetch, Fetched
from optimizer.jobs import reachable
from optimizer.lm import fetched_texts
from optimizer.lm.call import LMCall
from optimizer.lm.egress import AllowList
from optimizer.models import AllowedAddress, Completion, FetchedText, Outcome, Run
from optimizer.retrieval import corpora
from optimizer.running import fetcher
from optimizer.running.fetcher import Fetcher
from optimizer.sentences import reasons
from tests.allowance import allow_loopback
from tests.evaluations import start_measurement
from tests.fakes.addresses import AddressServer
from tests.fakes.agents import turn
from tests.fakes.scripted_lm import Killed, ScriptedLM, by_skill, schema_properties
from tests.fakes.world import one_module_program
from tests.optimizer.conftest import carry_on


@pytest.fixture
def server(transactional_db: None) -> Iterator[AddressServer]:
    allow_loopback()
    with AddressServer() as running:
        yield running


async def no_rest(seconds: float) -> None:
    """Nobody leaves."""


def fetched(*requests: Fetch, namespace: str = "project-1") -> list[Fetched]:
    async def asked() -> list[Fetched]:
        asking = Fetcher(namespace, no_rest)
        try:
            return await asyncio.gather(*map(asking.answer, requests))
        finally:
            await asking.aclose()

    return asyncio.run(asked())


def test_equal_requests_are_sent_once_and_answered_from_their_row(server: AddressServer) -> None:
    request = Fetch(f"{server.url}/a?q=1")
    first, same = fetched(request, request)
    assert first == same == Fetched(200, "found /a?q=1")
    server.rule = lambda path, body: (200, "changed")
    assert fetched(request) == [first]
    assert fetched_texts.kept("project-1", request) == first
    assert len(server.asked) == 1
    others = fetched(replace(request, version="2"), replace(request, body='{"q": 1}'))
    assert [each.text for each in others] == ["changed"] * 2
    assert fetched(request, namespace="project-2")[0].text == "changed"
    assert server.asked[1:3].count(("/a?q=1", '{"q": 1}')) == 1


def test_what_is_local_is_refused_until_it_is_allowed(server: AddressServer) -> None:
    AllowedAddress.objects.all().delete()
    (refused,) = fetched(Fetch(f"{server.url}/secret?key=1"))
    assert f"127.0.0.1:{server.port} is local or private" in refused.told
    assert server.asked == []
    AllowedAddress.objects.create(host="127.0.0.1/32", port=server.port)
    assert fetched(Fetch(f"{server.url}/secret?key=1"))[0].status == 200
    allow_loopback()


@pytest.mark.parametrize("own", ["127.0.0.1", "localhost"])
def test_the_embedded_model_s_own_server_is_asked_by_no_program(
    server: AddressServer, settings: Any, own: str
) -> None:
    settings.EMBEDDED_MODEL_URL = f"http://{own}:{server.port}/v1"
    assert AllowList.now().refusal(server.url) is None
    for host in ("127.0.0.1", "localhost", "127.1"):
        (refused,) = fetched(Fetch(f"http://{host}:{server.port}/slots"))
        assert refused.problem is not None
    assert AllowList.of_programs().refusal(server.url) is not None
    assert server.asked == []
    settings.EMBEDDED_MODEL_URL = "http://127.0.0.1:1/v1"
    assert fetched(Fetch(f"{server.url}/page"))[0].status == 200


def test_a_page_that_is_not_there_is_an_answer_and_a_server_that_fails_is_none(
    server: AddressServer,
) -> None:
    server.rule = lambda path, body: (404, "no")
    assert fetched(Fetch(f"{server.url}/gone"))[0] == Fetched(404, "no")
    server.rule = lambda path, body: (503, "no")
    (failed,) = fetched(Fetch(f"{server.url}/down?key=secret"))
    assert failed.problem is not None
    assert failed.told == f"{server.url} answered with status 503."
    assert len(server.asked) == 1 + fetcher.ATTEMPTS
    assert FetchedText.objects.count() == 1
    # It may be otherwise next time.
    server.rule = lambda path, body: (200, "yes")
    assert fetched(Fetch(f"{server.url}/down?key=secret"))[0].text == "yes"


def test_too_much_is_no_answer(server: AddressServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "MOST_BYTES", 1000)
    server.rule = lambda path, body: (200, "x" * 5000)
    (failed,) = fetched(Fetch(server.url))
    assert "cannot be read" in failed.told
    assert FetchedText.objects.count() == 0


def agent_at(url: str, corpus: str) -> Program:
    """The usual program, whose module looks things up and asks an address first."""
    program = one_module_program()
    (module,) = program.modules
    tools = (
        SearchTool("search", "Looks up.", corpus=corpus, k=1),
        FetchTool("page", "Gets a page.", url=url + "/{name}"),
    )
    agent = ReAct(module.name, module.signature, tools=tools, max_turns=3)
    return replace(program, modules=(agent,))


def in_turns(call: LMCall) -> str:
    """Searches, asks, finishes; answers as others do."""
    given = [m for m in call.messages if m.content.startswith("message:")]
    if not given:
        return by_skill(call)  # the optimizer model
    if "tool" not in schema_properties(call.schema):
        return by_skill(replace(call, messages=(call.messages[0], given[-1])))
    behind = call.messages[call.messages.index(given[-1]) :]
    number = sum(m.content.startswith("Observation") for m in behind)
    query = given[-1].content.split()[-1]
    return [turn("search", query=query), turn("page", name=query), turn("finish")][number]


def test_an_address_that_may_not_be_asked_is_told_before_a_run_begins(
    spec: RunSpec, server: AddressServer
) -> None:
    asking = replace(spec, program=agent_at(server.url, corpora_digest()))
    assert checked(asking) == []
    AllowedAddress.objects.all().delete()
    ((code, place, module),) = checked(asking)
    assert (code, place, module) == ("fetch.refused", "program", "classify")
    with pytest.raises(Refused) as refused:
        start_measurement(asking)
    assert f"127.0.0.1:{server.port} is local or private" in reasons(refused.value)
    allow_loopback()


def checked(spec: RunSpec) -> list[tuple[str, str, object]]:
    found = reachable.unreachable(spec.namespace, spec.program)
    return [(p.code, p.place, p.values["module"]) for p in found]


def corpora_digest() -> str:
    return corpora.store("test", "Others", ["text"], [["a"]]).digest


def told(run: Run) -> list[Any]:
    found = Outcome.objects.filter(exchange__run=run).order_by("exchange__seq", "position")
    return [(o.position, o.data["score"], o.data["outputs"], len(o.data["trace"])) for o in found]


def test_an_agent_s_turns_are_the_same_whenever_its_worker_is_killed(
    spec: RunSpec, server: AddressServer
) -> None:
    corpus = corpora.store("test", "Words", ["text"], [[f"text {n}"] for n in range(40)])
    asking = replace(spec, program=agent_at(server.url, corpus.digest))
    lm = ScriptedLM(script=in_turns)
    whole = carry_on(start_measurement(asking), lm)
    assert (whole.status, whole.used_calls) == ("finished", 20)
    assert [parts for *_, parts in told(whole)] == [4] * 5  # three turns and the answer
    assert len(server.asked) == len(set(server.asked)) == 5
    story = told(whole)
    Run.objects.all().delete()
    Completion.objects.all().delete()

    def dying(call: LMCall) -> str:
        if lm.answering in (3, 14):
            raise Killed
        return in_turns(call)

    lm = ScriptedLM(script=dying)
    row = start_measurement(asking)
    for _ in range(2):
        with pytest.raises(Killed):
            carry_on(row, lm)
        row.refresh_from_db()
    row = carry_on(row, lm)
    assert (row.status, told(row)) == ("finished", story)
    assert len(server.asked) == 5

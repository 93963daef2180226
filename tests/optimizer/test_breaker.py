"""A provider that hangs pauses a run soon; slow replies and lost calls do not."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import pytest

from optimizer.core.programs.lm import Message, Reply, Role
from optimizer.lm.breaker import Breaker, Watched
from optimizer.lm.call import LMCall
from optimizer.lm.failures import (
    CallFailed,
    NoReply,
    NotSent,
    Overloaded,
    PromptRefused,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from optimizer.lm.guard import EVERYWHERE
from optimizer.lm.openai_http import OpenAIHttp
from optimizer.lm.retry import Patient
from optimizer.models import Completion, Run
from optimizer.running import role_clients
from optimizer.running.runner import Means, run
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.telling import told
from tests.optimizer.conftest import Create

DEADLINE = 120.0
Ending = Reply | CallFailed
GONE = TimedOut("No whole reply.")


def call(number: int = 1) -> LMCall:
    return LMCall("m", Role.TASK, (Message("user", f"message {number}"),), None, 0.0, 10)


@dataclass
class Provider:
    """Each attempt takes some seconds of a clock that we turn, and ends as we say."""

    at_once: int = 8
    now: float = 0.0
    down: list[tuple[float, CallFailed]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.at_once, clock=lambda: self.now)
        self.ending: Ending = GONE
        self.taking = DEADLINE
        self.watched = Watched(self, self.breaker, lambda f: self.down.append((self.now, f)))

    async def complete(self, call: LMCall) -> Reply:
        self.now += min(self.taking, self.breaker.deadline or self.taking)
        if isinstance(self.ending, CallFailed):
            raise self.ending
        return self.ending

    def tries(self, number: int, ending: Ending, seconds: float) -> None:
        """One attempt, alone."""
        self.ending, self.taking = ending, seconds
        with suppress(CallFailed):
            asyncio.run(self.watched.complete(call(number)))

    def hangs(self, *numbers: int) -> None:
        """So many attempts together, all begun now, that come to nothing."""
        began = self.now
        self.now += self.breaker.deadline or DEADLINE
        for number in numbers:
            self.breaker.failed(call(number), began)


def reply(seconds: float = 1.0) -> Reply:
    return Reply("well", 1, 1, seconds=seconds)


def test_a_provider_that_never_answers_is_down_after_two_and_a_half_minutes() -> None:
    provider = Provider(at_once=1)
    provider.tries(1, GONE, DEADLINE)
    assert not provider.down
    provider.tries(1, GONE, DEADLINE)
    assert [at for at, _ in provider.down] == [150.0]


@pytest.mark.parametrize("at_once", [2, 8, 64])
def test_calls_that_hang_at_the_same_time_are_each_a_failure(at_once: int) -> None:
    provider = Provider(at_once)
    provider.hangs(*range(at_once))
    assert provider.breaker.open
    assert provider.now == DEADLINE


@pytest.mark.parametrize(("at_once", "seconds"), [(1, 180.0), (2, 180.0), (3, 120.0), (8, 120.0)])
def test_a_provider_that_hangs_in_the_middle_is_down_within_three_minutes(
    at_once: int, seconds: float
) -> None:
    provider = Provider(at_once)
    provider.tries(0, reply(20.0), 20.0)
    calls = iter(range(1, 99))
    while not provider.breaker.open:
        batch = [next(calls) for _ in range(at_once)]
        for _ in range(2):  # each is sent twice
            if not provider.breaker.open:
                provider.hangs(*batch)
    assert provider.now == 20.0 + seconds


def test_two_calls_too_hard_for_the_model_are_no_outage() -> None:
    provider = Provider()
    provider.tries(0, reply(20.0), 20.0)
    provider.hangs(1, 2)
    provider.hangs(1, 2)
    assert not provider.breaker.open
    provider.tries(3, reply(20.0), 20.0)
    assert provider.breaker.deadline is None


def test_a_slow_model_keeps_its_time_in_a_silence() -> None:
    provider = Provider(at_once=1)
    provider.tries(0, reply(100.0), 100.0)
    provider.tries(1, GONE, DEADLINE)
    assert provider.breaker.deadline == 150.0
    provider.tries(1, reply(110.0), 110.0)
    assert not provider.down


@pytest.mark.parametrize("alive", [Overloaded("429"), PromptRefused("400"), reply()])
def test_whoever_answers_is_not_down(alive: Ending) -> None:
    provider = Provider(at_once=1)
    for number in range(6):
        provider.tries(number, GONE, DEADLINE)
        provider.tries(number, alive, 1.0)
    assert not provider.down


@pytest.mark.parametrize("failure", [ServerFailed("504"), Unreachable("no"), NoReply("gone")])
def test_failures_of_every_kind_are_a_silence_but_only_a_long_one(failure: CallFailed) -> None:
    provider = Provider()
    for _ in range(8):
        provider.tries(1, failure, 10.0)
    assert not provider.down
    assert provider.breaker.deadline is None  # a reply may take its time after quick failures
    provider.tries(1, failure, 10.0)
    assert [at for at, _ in provider.down] == [90.0]


def test_what_was_not_sent_says_nothing_of_the_provider() -> None:
    provider = Provider()
    for _ in range(5):
        provider.tries(1, NotSent("left"), 100.0)
    assert not provider.down


def test_an_attempt_in_a_silence_is_cut_off_at_its_shorter_deadline() -> None:
    class Hanging:
        async def complete(self, call: LMCall) -> Reply:
            return await asyncio.Event().wait()  # type: ignore[return-value]

    breaker = Breaker(1, silence=0.0, second=0.02)
    breaker.failed(call(), breaker.clock())
    with pytest.raises(TimedOut, match=r"within 0\.02 s, and none before"):
        asyncio.run(Watched(Hanging(), breaker, lambda failure: None).complete(call()))


def test_a_call_that_took_its_whole_deadline_is_sent_once_more_only() -> None:
    provider, rested = Provider(), list[float]()

    async def rest(seconds: float) -> None:
        rested.append(seconds)

    with pytest.raises(TimedOut):
        asyncio.run(Patient(provider, rest).complete(call()))
    assert len(rested) == 1


@pytest.mark.parametrize(("fault", "after"), [("hang", 20), ("drip", 0)])
def test_a_run_pauses_when_its_provider_hangs_and_resumes_without_loss(
    create: Create, fault: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(role_clients, "Breaker", partial(Breaker, silence=1.0, second=0.5))
    with OpenAIServer(fault=lambda body, number: fault if number > after else "") as server:

        def carried(row: Run) -> Run:
            endpoint = OpenAIHttp(server.url, egress=EVERYWHERE, deadline=2.0)
            run(row.pk, Means(connect=lambda _: endpoint, stopping=threading.Event()))
            return Run.objects.get(pk=row.pk)

        row = carried(create())
        assert (row.status, row.stop_reason) == ("paused", "provider down")
        assert "does not answer" in told(row.message)
        assert len(server.requests) <= after + 24  # at most twice what is out at once
        settled = Completion.objects.filter(state="settled").count()
        assert settled == len(server.served)
        server.fault = lambda body, number: ""
        Run.objects.filter(pk=row.pk).update(status="queued")
        assert carried(row).status == "finished"
        assert set(server.sent().values()) <= {1, 2, 3}

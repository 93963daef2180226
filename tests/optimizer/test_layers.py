"""The layers around a client, each alone: patience, limits, scrubbing; and the search."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from optimizer.core.evaluation.stats import MinibatchScore
from optimizer.core.programs.lm import Message, Reply, Role
from optimizer.costs.prices import Price, listed_price
from optimizer.lm.call import LMCall, key_of
from optimizer.lm.failures import (
    CallFailed,
    NoReply,
    Overloaded,
    PromptRefused,
    ProviderRefused,
    Reshaped,
    Unreachable,
    of_status,
)
from optimizer.lm.limits import Gate, Limited, gate_of
from optimizer.lm.retry import SHAPES, Patient
from optimizer.running.interruptions import Interruption, Why
from optimizer.running.tpe import tpe
from tests.fakes.scripted_lm import ScriptedLM

CALL = LMCall("m", Role.TASK, (Message("user", "message 1"),), None, 0.0, 10)


class Rest:
    """Waits for nothing and remembers how long it should have been."""

    def __init__(self, leaving: Interruption | None = None) -> None:
        self.seconds: list[float] = []
        self.leaving = leaving

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if self.leaving:
            raise self.leaving


def tried(*failures: CallFailed, rest: Rest | None = None) -> tuple[ScriptedLM, Rest, Reply]:
    waiting, rest = list(failures), rest or Rest()
    lm = ScriptedLM(script=lambda call: waiting.pop(0) if waiting else "well")
    return lm, rest, asyncio.run(Patient(lm, rest).complete(CALL))


def test_a_failure_that_passes_is_tried_again_with_growing_waits() -> None:
    lm, rest, reply = tried(*[Unreachable("no")] * 5)
    assert (reply.text, len(lm.calls)) == ("well", 6)
    for waited, meant in zip(rest.seconds, (0.5, 1, 2, 4, 8), strict=True):
        assert meant / 2 <= waited <= meant * 1.5


def test_patience_ends_and_the_last_failure_is_told() -> None:
    with pytest.raises(Unreachable, match="no"):
        tried(*[Unreachable("no")] * 6)


def test_what_the_provider_asks_for_is_waited() -> None:
    _, rest, _ = tried(Overloaded("slow down", 17.0))
    assert rest.seconds == [17.0]


def test_a_failure_for_good_is_not_tried_again() -> None:
    with pytest.raises(PromptRefused):
        tried(PromptRefused("filtered"))


def test_another_form_is_tried_at_once_and_is_no_attempt() -> None:
    _, rest, reply = tried(*[Reshaped("no schema")] * 3, *[Unreachable("no")] * 5)
    assert rest.seconds[:3] == [0.0] * 3
    assert reply.text == "well"


def test_a_model_that_takes_no_form_is_given_up() -> None:
    with pytest.raises(Reshaped):
        tried(*[Reshaped("no, and no")] * (SHAPES + 1))


def test_too_many_is_waited_for_longer_than_other_failures() -> None:
    _lm, rest, reply = tried(*[Overloaded("slow down")] * 17)
    assert reply.text == "well"
    assert sum(rest.seconds) > 100
    with pytest.raises(Overloaded):
        tried(*[Overloaded("slow down")] * 18)


def test_a_call_that_may_have_been_paid_is_sent_three_times_at_most() -> None:
    rest = Rest()
    with pytest.raises(NoReply):
        tried(*[NoReply("gone")] * 3, rest=rest)
    assert len(rest.seconds) == 2


def test_waiting_ends_when_the_run_is_left() -> None:
    with pytest.raises(Interruption):
        tried(Unreachable("no"), rest=Rest(Interruption(Why.PAUSE_WISHED)))


def at_once(lm: ScriptedLM, gate: Gate, calls: int) -> list[Reply | BaseException]:
    async def together() -> list[Reply | BaseException]:
        limited = Limited(lm, gate)
        return await asyncio.gather(
            *(limited.complete(CALL) for _ in range(calls)), return_exceptions=True
        )

    return asyncio.run(together())


def test_no_more_calls_are_out_than_there_are_places() -> None:
    lm = ScriptedLM(script=lambda call: "well", seconds=0.005)
    assert len(at_once(lm, Gate(3), 20)) == 20
    assert lm.most_at_once == 3


def test_runs_of_one_process_share_the_places_of_a_provider() -> None:
    lm, gate = ScriptedLM(script=lambda call: "well", seconds=0.005), gate_of(987_001, 4)
    assert gate_of(987_001, 4) is gate
    runs = [threading.Thread(target=at_once, args=(lm, gate, 15)) for _ in range(3)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert len(lm.calls) == 45
    assert lm.most_at_once <= 4


def test_a_provider_that_is_overloaded_gets_half_and_then_step_by_step_more() -> None:
    gate = Gate(8)
    at_once(ScriptedLM(script=lambda call: Overloaded("slow down")), gate, 4)
    assert gate.limit == 4  # once a second at most
    at_once(ScriptedLM(script=lambda call: "well"), gate, 5)
    assert gate.limit == 5
    at_once(ScriptedLM(script=lambda call: "well"), gate, 60)
    assert gate.limit == 8


def test_a_place_is_given_back_when_its_caller_is_cancelled() -> None:
    lm, gate = ScriptedLM(script=lambda call: "well", seconds=5), Gate(2)

    async def cancelled() -> None:
        tasks = [asyncio.create_task(Limited(lm, gate).complete(CALL)) for _ in range(6)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(cancelled())
    lm.seconds = 0
    assert len(at_once(lm, gate, 4)) == 4


def test_equal_calls_have_equal_keys_whoever_makes_them() -> None:
    task, teacher = (
        LMCall("m", role, CALL.messages, None, 0.0, 10) for role in (Role.TASK, Role.TEACHER)
    )
    keys = {key_of("a", "e", made.as_json()) for made in (CALL, task, teacher)}
    assert len(keys) == 1
    others = [
        key_of("b", "e", CALL.as_json()),
        key_of("a", "f", CALL.as_json()),
        *(
            key_of("a", "e", LMCall(*changed).as_json())
            for changed in (
                ("n", Role.TASK, CALL.messages, None, 0.0, 10),
                ("m", Role.TASK, CALL.messages, {"type": "object"}, 0.0, 10),
                ("m", Role.TASK, CALL.messages, None, 0.5, 10),
                ("m", Role.TASK, CALL.messages, None, 0.0, 11),
                ("m", Role.TASK, CALL.messages, None, 0.0, 10, 1),
            )
        ),
    ]
    assert len({*keys, *others}) == 8


def test_prices_are_read_from_litellms_list_without_importing_it() -> None:
    assert listed_price("gpt-4o-mini") == Price(150_000, 600_000, read=75_000)
    assert listed_price("openai/gpt-4o-mini") == Price(150_000, 600_000, read=75_000)
    assert listed_price("no-such-model") is None
    long = listed_price("gemini-2.5-pro")
    assert long is not None
    assert long.of(100_000, 0) * 4 == long.of(200_001, 0) - 3  # twice as dear above 200,000


def asked(seed: int, told: int, trials: int = 30) -> Iterator[dict[str, int]]:
    search = tpe({"a:instruction": 4, "a:demos": 6}, seed, trials)
    for _ in range(told):
        choice = search.ask()
        yield choice
        mean = (choice["a:instruction"] + choice["a:demos"]) / 8
        search.tell(choice, MinibatchScore(mean, 25, 0.0, 1.0))
    yield search.ask()


def test_a_search_asks_the_same_again_for_the_same_seed_and_tellings() -> None:
    whole = list(asked(5, 29))
    assert [list(asked(5, n))[-1] for n in (0, 7, 15, 28)] == [whole[n] for n in (0, 7, 15, 28)]
    assert list(asked(6, 29)) != whole


def test_a_search_finds_what_is_good() -> None:
    last = [list(asked(seed, 29))[-10:] for seed in range(4)]
    picks = [choice["a:instruction"] + choice["a:demos"] for run in last for choice in run]
    assert sum(picks) / len(picks) > 5.5  # 4.0 by chance, 8 at best


def test_asking_is_quick_enough_for_long_searches() -> None:
    started = time.perf_counter()
    list(asked(1, 100, 100))
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Your credit balance is too low to access the API.", ProviderRefused),
        ("API key not valid. Please pass a valid API key.", ProviderRefused),
        ("This model's maximum context length is 8192 tokens.", PromptRefused),
        ("The response was filtered.", PromptRefused),
    ],
)
def test_a_bad_request_about_the_account_is_not_held_against_the_prompt(
    words: str, kind: type[CallFailed]
) -> None:
    failure = of_status(400, "The model", words)
    assert type(failure) is kind
    assert words not in str(failure)
    assert failure.said == words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("This model's maximum context length is 8192 tokens.", "longer than the model takes"),
        ("code: content_filter", "filter of contents"),
        ("Something that nobody foresaw", "refuses this prompt"),
    ],
)
def test_why_a_prompt_is_refused_is_told_without_the_providers_words(words: str, told: str) -> None:
    failure = of_status(400, "The model", words)
    assert told in str(failure)
    assert words not in str(failure)

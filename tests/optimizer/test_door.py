"""Whatever a provider says can be stored, holds no key, and loses no run."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.programs.lm import Message, Reply, Role
from optimizer.jobs import controls, model_checks
from optimizer.lm import secrets
from optimizer.lm.call import Endpoint, LMCall
from optimizer.lm.door import MOST_TOKENS, Door
from optimizer.lm.failures import CallFailed, Overloaded, PromptRefused, ProviderRefused
from optimizer.lm.paid import MOST_COST
from optimizer.lm.traits import Traits
from optimizer.models import Completion, Outcome, Provider
from tests.evaluations import checked
from tests.fakes.openai_server import Body, OpenAIServer
from tests.fakes.scripted_lm import ScriptedLM, by_skill
from tests.fakes.telling import told
from tests.fakes.ways import WAYS, Way
from tests.optimizer.conftest import Create, carry_on

KEY = "sk-CANARY-0123456789"
Spoil = Callable[[Reply], Reply]


@dataclass
class Spoiling(ScriptedLM):
    """The fourth of every nine replies is spoilt, and so is its list of models."""

    spoil: Spoil = lambda reply: reply
    listed: list[str] = field(default_factory=lambda: ["scripted"])

    async def complete(self, call: LMCall) -> Reply:
        reply = await super().complete(call)
        return self.spoil(reply) if self.answering % 9 == 4 else reply

    async def models(self) -> list[str]:
        return self.listed


def with_(**values: Any) -> Spoil:
    return lambda reply: replace(reply, **values)


def said_by(endpoint: Endpoint, model: str = "openai/gpt-4o-mini") -> Reply:
    schema = {"type": "object", "properties": {"label": {"enum": ["ham", "spam"]}}}
    call = LMCall(model, Role.TASK, (Message("user", "message 1"),), schema, 0.0, 50)

    async def spoken() -> Reply:
        try:
            return await endpoint.complete(call)
        finally:
            await endpoint.aclose()

    return asyncio.run(spoken())


def stored(text: str) -> str:
    """As Postgres takes it: the text itself, and what it means as JSON."""
    assert "\0" not in text
    text.encode()
    return text


USAGES: list[Any] = [
    -1, -(2**40), 2**31, 2**63, 10**30, 1.5, "12", "a\0", True, math.nan, math.inf, None, [], {},
]  # fmt: skip
SPOILT: dict[str, Spoil] = {
    "NUL in the text": lambda reply: replace(reply, text=reply.text + "\0"),
    "half a character in the text": lambda reply: replace(reply, text=reply.text + " \udc80"),
    "an escaped NUL": lambda r: replace(r, text=r.text.replace("}", ', "x\\u0000": "\\u0000"}')),
    "an escaped half": lambda r: replace(r, text=r.text.replace("}", ', "\\udfff": "\\ud800"}')),
    "nothing but a NUL": with_(text="\0"),
    "an escaped NUL in a value": with_(text='{"label": "\\u0000spam"}'),
    "lists in lists": with_(text='{"label": ' + "[" * 992 + "]" * 992 + "}"),
    "NUL in the reason": with_(finish_reason="st\0op"),
    "half a character in the reason": with_(finish_reason="\ud800"),
    "a long reason": with_(finish_reason="x" * 5000),
    "a reason that is no text": with_(finish_reason=["stop"]),
    "seconds that are no number": with_(seconds=math.nan),
    "seconds without an end": with_(seconds=-math.inf),
    **{f"prompt tokens {value!r}": with_(prompt_tokens=value) for value in USAGES},
    **{f"completion tokens {value!r}": with_(completion_tokens=value) for value in USAGES},
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_run_is_not_lost_to_anything_that_a_provider_says(create: Create, spoil: Spoil) -> None:
    lm = Spoiling(spoil=spoil)
    row = carry_on(create(optimizer="bootstrap_search"), lm)
    assert (row.status, row.stop_reason) == ("finished", "completed")
    assert row.used_calls == len(lm.calls) == len(lm.sent())
    assert set(Completion.objects.values_list("state", flat=True)) == {"settled"}


@pytest.mark.parametrize("words", ["a\0b", "\ud800 and \udfff", "\\u0000", "x" * 100_000, ""])
@pytest.mark.parametrize("kind", [PromptRefused, Overloaded])
def test_a_run_is_not_lost_to_the_words_of_an_error(
    create: Create, words: str, kind: type[CallFailed]
) -> None:
    waits = iter([math.nan, -1e308])

    def failing(call: LMCall) -> str | CallFailed:
        if call.schema is None or not call.messages[-1].content.endswith((" 5", " 7")):
            return by_skill(call)
        wait = next(waits, None)
        return by_skill(call) if kind is Overloaded and wait is None else kind(words, wait)

    row = carry_on(create(optimizer="bootstrap_search"), ScriptedLM(script=failing))
    assert (row.status, row.stop_reason) == ("finished", "completed")
    failed = Outcome.objects.filter(exchange__run=row, score=None).values_list("error", flat=True)
    assert bool(failed) == (kind is PromptRefused)
    assert all(len(error) <= 500 and "\0" not in error for error in failed)


def test_a_provider_that_refuses_in_words_that_cannot_be_stored_fails_the_run_with_them(
    create: Create,
) -> None:
    refusal = ProviderRefused("no\0 \ud800money", said="pay\0 \ud800first")
    row = carry_on(create(), ScriptedLM(script=lambda call: refusal))
    assert (row.status, row.stop_reason) == ("failed", "provider refused")
    assert "no\ufffd \ufffdmoney" in told(row.message)
    assert "pay\ufffd \ufffdfirst" in row.said


def test_a_client_that_what_is_said_takes_by_surprise_loses_a_reply_and_no_run(
    create: Create, caplog: pytest.LogCaptureFixture
) -> None:
    surprises = iter([RecursionError("too\0 deep"), TypeError(f"not with {KEY}"), KeyError("x")])

    def surprised(call: LMCall) -> str | Exception:
        return next(surprises, None) or by_skill(call)

    row = carry_on(create(optimizer="bootstrap_search"), ScriptedLM(script=surprised))
    assert (row.status, row.stop_reason) == ("finished", "completed")
    assert Completion.objects.filter(doubts__gt=0, state="settled").count() >= 1
    assert "could not be read" in caplog.text
    assert "RecursionError" in caplog.text


def test_absurd_prices_times_absurd_tokens_are_still_a_number(
    create: Create, provider: Provider
) -> None:
    Provider.objects.filter(pk=provider.pk).update(input_price=2**62, output_price=2**62)
    lm = ScriptedLM(usage=(MOST_TOKENS, MOST_TOKENS))
    row = carry_on(create(optimizer="bootstrap_search"), lm)
    while row.stop_reason == "overbilled":
        controls.resume(row.pk)
        row = carry_on(row, lm)
    assert row.status == "finished"
    assert row.spent == len(lm.calls) * MOST_COST
    assert row.used_tokens == len(lm.calls) * 2 * MOST_TOKENS


def test_tokens_of_which_one_is_not_credible_count_as_not_reported(create: Create) -> None:
    """Half a usage would be half the price."""
    carry_on(create(optimizer="bootstrap_search"), Spoiling(spoil=with_(completion_tokens=-5)))
    dear = Completion.objects.order_by("-cost")[0]
    assert dear.cost == dear.held_cost
    assert dear.completion_tokens > 0


@pytest.mark.parametrize(
    "listed",
    [["\0", "a\0b"], ["\ud800"], ["x" * 201], ["a"] * 100_000, [" ", ""]],
    ids=lambda names: repr(names[0][:3]),
)
def test_a_list_of_models_is_taken_as_far_as_it_can_be_stored(
    provider: Provider, listed: list[str]
) -> None:
    checked(provider, Spoiling(lambda call: "ok", listed=listed), model="")
    provider.refresh_from_db()
    check = model_checks.latest(provider)
    assert check.state in ("works", "failed")
    assert check.message
    assert all(0 < len(name) <= 200 for name in provider.models_offered)


def test_a_test_of_a_provider_tells_words_that_cannot_be_stored(provider: Provider) -> None:
    endpoint = ScriptedLM(script=lambda call: PromptRefused("wr\0ng \ud800"))
    checked(provider, endpoint, model="m")
    check = model_checks.latest(provider)
    assert check.state == "failed"
    assert "wr\ufffdng \ufffd" in check.message


def test_a_key_that_a_provider_says_back_is_in_no_row(create: Create, provider: Provider) -> None:
    Provider.objects.filter(pk=provider.pk).update(secret=secrets.encrypt(KEY))

    def echoing(call: LMCall) -> str | CallFailed:
        if call.schema is None:
            return f"Answer with {KEY}."
        wrong = call.messages[-1].content.endswith(" 5")
        return PromptRefused(f"not with {KEY[:14]}") if wrong else by_skill(call)

    row = carry_on(create(), ScriptedLM(script=echoing))
    assert row.status == "finished"
    assert Completion.objects.filter(reply="Answer with •••.").exists()
    found = [json.dumps(list(row.events.values_list("data", flat=True)))]
    found += [*Outcome.objects.values_list("error", flat=True)]
    found += Completion.objects.values_list("reply", flat=True)
    found += Completion.objects.values_list("problem", flat=True)
    assert not any("CANARY" in text for text in found)


# --- the door itself ---------------------------------------------------------------


class Saying:
    """An endpoint that says one thing."""

    learned: ClassVar[dict[str, Traits]] = {}

    def __init__(self, said: Reply | CallFailed) -> None:
        self.said = said

    async def complete(self, call: LMCall) -> Reply:
        if isinstance(self.said, CallFailed):
            raise self.said
        return self.said

    async def models(self) -> list[str]:
        return []

    async def aclose(self) -> None:
        """There is nothing to close."""


ANYTHING = st.text(st.characters() | st.sampled_from('\0\ud800\udbff\udc00\udfff\\u{}"'))
JSONS = st.recursive(ANYTHING, lambda inner: st.lists(inner) | st.dictionaries(ANYTHING, inner))


@given(ANYTHING | JSONS.map(json.dumps), ANYTHING)
def test_any_text_comes_in_storable_and_its_json_too(text: str, reason: str) -> None:
    reply = said_by(Door(Saying(Reply(text, finish_reason=reason))))
    stored(reply.finish_reason)
    stored(reply.text)
    try:
        meant = json.loads(reply.text)
    except ValueError:
        return
    stored(json.dumps(meant, ensure_ascii=False))
    assert "\\u0000" not in json.dumps(meant).replace("\\\\", "")


@given(JSONS)
def test_json_that_can_be_stored_comes_in_as_it_is(meant: Any) -> None:
    for text in (json.dumps(meant), json.dumps(meant, ensure_ascii=False)):
        if "\0" in text or any("\ud800" <= c <= "\udfff" for c in json.loads(json.dumps(text))):
            continue
        escapes = json.dumps(meant).replace("\\\\", "")
        if "\\u0000" not in escapes and "\\ud" not in escapes:
            assert said_by(Door(Saying(Reply(text)))).text == text


def test_pairs_and_escaped_backslashes_stay_and_nothing_joins_to_something_new() -> None:
    said = {
        "\\ud83d\\ude00": "\\ud83d\\ude00",
        "\\\\u0000": "\\\\u0000",
        "\\u0000 \\ud83d x": "\\ufffd \\ufffd x",
        "\\u00\\u000000": "\\u00\\ufffd00",
        "\\ud83d\\u0000\\ude00": "\\ufffd\\ufffd\\ufffd",
        "a\0b\ud800": "a\ufffdb\ufffd",
    }
    assert {text: said_by(Door(Saying(Reply(text)))).text for text in said} == said


@pytest.mark.parametrize(
    ("asked", "waited"),
    [(math.nan, None), (math.inf, None), (-3.0, 0.0), (2.5, 2.5), (1e308, 86_400.0), (None, None)],
)
def test_a_provider_may_ask_for_any_time_that_is_one(
    asked: float | None, waited: float | None
) -> None:
    with pytest.raises(Overloaded) as failed:
        said_by(Door(Saying(Overloaded("slowly", asked))))
    assert failed.value.retry_after == waited


# --- both clients ---------------------------------------------------------------


def spoilt(**changes: str) -> Callable[[Body], str]:
    """The completion with raw JSON in place of one of its values."""

    def spoil(completion: Body) -> str:
        text = json.dumps(completion)
        for name, value in changes.items():
            old = json.dumps({name: _found(completion, name)})[1:-1]
            assert old in text
            text = text.replace(old, f'"{name}": {value}')
        return text

    return spoil


def _found(completion: Body, name: str) -> Any:
    (choice,) = completion["choices"]
    places = (completion["usage"], choice, choice["message"], completion)
    return next(place[name] for place in places if name in place)


HOSTILE = [
    *(("prompt_tokens", text) for text in ("-1", "2147483648", "1e999", "NaN", "1.5", "true")),
    *(("completion_tokens", text) for text in ("-9", '"a\\u0000"', "null", "[]", "1" * 40)),
    *(("finish_reason", text) for text in ('"\\u0000"', '"\\ud800"', f'"{"x" * 9000}"', "null")),
    *(("content", text) for text in ('"\\u0000"', '"\\ud800"', '"{\\"label\\": \\"\\\\u0000\\"}"')),
    ("model", '"\\u0000"'),
    ("id", '"\\ud800"'),
]


@pytest.mark.parametrize(("name", "value"), HOSTILE, ids=lambda text: text[:24])
@pytest.mark.parametrize("way", WAYS[:3], ids=lambda way: way.name)
def test_what_either_client_hears_comes_in_storable_or_is_no_reply(
    way: Way, name: str, value: str
) -> None:
    with OpenAIServer(spoil=spoilt(**{name: value})) as server:
        try:
            reply = said_by(Door(way.client(server.root, KEY), KEY), way.model)
        except CallFailed as failure:
            stored(str(failure))
            stored(failure.said)
            return
    assert len(stored(reply.finish_reason)) <= 20
    stored(reply.text)
    for count in (reply.prompt_tokens, reply.completion_tokens):
        assert type(count) is int
        assert 0 <= count <= MOST_TOKENS

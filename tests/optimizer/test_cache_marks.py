"""What prompts begin with is kept by the provider where it is told to, and paid as it says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.programs.lm import Message
from optimizer.costs.prices import Price, listed_price, price_of
from optimizer.lm.cache_marks import LEAST, CacheMarks
from optimizer.lm.call import LMCall
from optimizer.models import Provider
from tests.fakes.completions import Body
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.ways import WAYS, said_by

ANTHROPIC = WAYS[3]
LONG = "Sort it well. " * (LEAST // 14 + 1)


def asked(*texts: str, system: str = LONG, demos: tuple[Message, ...] = ()) -> list[LMCall]:
    return [
        replace(
            ANTHROPIC.call(text),
            messages=(Message("system", system), *demos, Message("user", text)),
        )
        for text in texts
    ]


def marks(body: Body) -> list[str]:
    """Texts at whose end there is a mark."""
    blocks = list(body["system"]) if isinstance(body.get("system"), list) else []
    for message in body["messages"]:
        blocks += message["content"] if isinstance(message["content"], list) else []
    return [block["text"] for block in blocks if "cache_control" in block]


def sent(*calls: LMCall, way: Any = ANTHROPIC) -> list[Body]:
    with OpenAIServer(script=lambda body: "ham") as server:
        said_by(way.client(server.root, "key-key-key"), *calls)
        return list(server.requests)


def test_a_long_instruction_is_marked_from_the_second_time_on() -> None:
    bodies = sent(*asked("one", "two", "three"))
    assert [marks(body) for body in bodies] == [[], [LONG], [LONG]]
    assert json.dumps(bodies[2]).count("three") == 1


def test_demos_are_marked_where_they_are_the_same_again() -> None:
    same = (Message("user", "demo"), Message("assistant", "spam"))
    other = (Message("user", "another"), Message("assistant", "spam"))
    bodies = sent(*asked("one", "two", demos=same), *asked("three", demos=other))
    assert [marks(body) for body in bodies] == [[], [LONG, "spam"], [LONG]]


@pytest.mark.parametrize("system", ["Sort.", LONG[: LEAST - 1]])
def test_what_is_too_short_to_be_kept_is_not_marked(system: str) -> None:
    assert [marks(body) for body in sent(*asked("one", "two", system=system))] == [[], []]


def test_nobody_else_is_sent_marks() -> None:
    calls = [replace(c, model=WAYS[1].model) for c in asked("one", "two")]
    assert "cache_control" not in json.dumps(sent(*calls, way=WAYS[1]))


def test_what_was_sent_long_ago_is_forgotten() -> None:
    found = CacheMarks()
    for number in range(2000):
        found.on(
            [{"role": "system", "content": f"{number} {LONG}"}, {"role": "user", "content": ""}]
        )
    assert len(found._sent) < 1000


def test_what_the_provider_kept_is_counted_and_paid_as_it_says() -> None:
    used = {
        "input_tokens": 20, "output_tokens": 5, "cache_read_input_tokens": 1000,
        "cache_creation_input_tokens": 400,
    }  # fmt: skip

    def spoilt(whole: Body) -> str:
        return json.dumps(whole | {"usage": used})

    with OpenAIServer(script=lambda body: "ham", spoil=spoilt) as server:
        (reply,) = said_by(ANTHROPIC.client(server.root, "key-key-key"), *asked("one"))
    assert (reply.prompt_tokens, reply.cache_read, reply.cache_written) == (1420, 1000, 400)
    price = Price(1_000_000, 5_000_000, read=100_000, written=1_250_000)
    told = (reply.prompt_tokens, reply.completion_tokens, reply.cache_read, reply.cache_written)
    assert price.of(*told) == 20 + 100 + 500 + 25


def test_an_upper_bound_holds_whatever_is_kept() -> None:
    price = Price(1_000_000, 5_000_000, read=100_000, written=1_250_000)
    for read in (0, 40, 100, 999):
        for written in (0, 40, 100, 999):
            assert price.of(100, 10, read, written) <= price.most(100, 10)
    assert price.of(100, 10, 999, 999) == price.of(100, 10, 100, 0)
    assert Price(1, 1).most(10**6, 0) == Price(1, 1).of(10**6, 0)


def test_list_prices_say_what_kept_tokens_cost() -> None:
    found = listed_price("anthropic/claude-3-5-haiku-latest") or listed_price("claude-haiku-4-5")
    assert found is not None
    assert found.read is not None
    assert found.read < found.input
    assert found.written is not None
    assert found.written > found.input


def test_a_price_of_one_s_own_covers_what_marks_take() -> None:
    own = Provider(
        kind=Provider.Kind.LITELLM, family="anthropic", input_price=1_000_000,
        output_price=5_000_000,
    )  # fmt: skip
    price = price_of(own, "anthropic/claude-x")
    assert price is not None
    assert price.of(100, 0, written=100) == 125

"""How sure a model was of each choice, read from what was likely at each token."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchmarks.confidence import NoChoice, chances_of, replies_of

SCHEMA = {"properties": {"label": {"type": "string", "enum": ["card_late", "card_lost", "fee"]}}}


def token(text: str, share: float, **others: float) -> dict[str, Any]:
    told = {text: share, **others}
    top = [{"token": t, "logprob": math.log(p)} for t, p in told.items()]
    return {"token": text, "logprob": math.log(share), "top_logprobs": top}


def test_choices_share_what_was_likely_where_they_part() -> None:
    tokens = [
        token('{"label":"', 0.001, Sure=0.9),
        token("card", 0.3, fee=0.1, Hello=0.5),
        token("_l", 0.9, _x=0.05),
        token("ost", 0.6, ate=0.2),
        token('"}', 0.7),
    ]
    found = chances_of(replies_of(SCHEMA), tokens)
    assert found["fee"] == pytest.approx(0.25)
    assert found["card_lost"] == pytest.approx(0.75 * 0.75)
    assert found["card_late"] == pytest.approx(0.75 * 0.25)


def test_choices_that_begin_alike_share_what_was_not_gone_into() -> None:
    found = chances_of(replies_of(SCHEMA), [token('{"label":"', 1.0), token("fee", 0.2, card=0.6)])
    assert found == pytest.approx({"fee": 0.25, "card_late": 0.375, "card_lost": 0.375})


def test_a_shorter_token_that_leaves_all_open_says_nothing() -> None:
    tokens = [token('{"', 0.5, **{"{": 0.4}), token('label":"fee', 0.5, **{'label":"': 0.4})]
    assert chances_of(replies_of(SCHEMA), tokens)["fee"] == pytest.approx(1.0)


def test_chances_are_one_in_all_also_when_nothing_was_said() -> None:
    for tokens in ([], [token("I", 0.9)]):
        assert sum(chances_of(replies_of(SCHEMA), tokens).values()) == pytest.approx(1.0)


TEXT = {"properties": {"label": {"type": "string"}}}
TWO_FIELDS = {"properties": {"label": {"enum": ["x"]}, "other": {"enum": ["y"]}}}


@pytest.mark.parametrize("schema", [None, TEXT, TWO_FIELDS])
def test_replies_of_another_form_have_no_choices(schema: Any) -> None:
    with pytest.raises(NoChoice):
        replies_of(schema)

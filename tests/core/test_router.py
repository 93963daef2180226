"""The router: it finds what it can, claims nothing where nothing is, and says so honestly."""

from __future__ import annotations

import random

import numpy as np
import pytest

from optimizer.core.programs.routing import columns_of, routed, weighed
from optimizer.core.search.router import FEWEST, Routing, Table, learned, routing_of

BILLS = ["invoice", "payment", "amount", "bank", "transfer", "due", "total", "receipt"]
GAMES = ["league", "match", "goal", "player", "season", "coach", "stadium", "score"]


def sentence(words: list[str], rng: random.Random) -> str:
    return " ".join(rng.choice(words) for _ in range(8))


def two_kinds(n: int, seed: int, right: float = 0.9, wrong: float = 0.3) -> Table:
    """Bills are for candidate 4, games for candidate 7; candidate 9 is as good at both."""
    rng = random.Random(f"kinds:{seed}")
    values, scores = [], []
    for row in range(n):
        bill = row % 2 == 0
        values.append({"text": sentence(BILLS if bill else GAMES, rng), "other": None})
        chances = (right, wrong, 0.55) if bill else (wrong, right, 0.55)
        scores.append([float(rng.random() < chance) for chance in chances])
    return Table.read((4, 7, 9), ("text", "other"), values, np.array(scores))


def shuffled(table: Table, seed: int) -> Table:
    order = random.Random(f"shuffled:{seed}").sample(range(len(table.columns)), len(table.columns))
    return Table(table.candidates, table.inputs, table.columns, table.scores[order])


def found(table: Table, seed: int = 0) -> Routing:
    routing = routing_of(table, seed)
    assert routing is not None
    return routing


def test_where_each_prompt_suits_one_kind_of_input_the_gain_is_found() -> None:
    gains = [found(two_kinds(160, seed)) for seed in range(4)]
    assert all(routing.offered for routing in gains)
    assert float(np.mean([routing.gain.gain for routing in gains])) == pytest.approx(0.3, abs=0.08)
    router = gains[0].router
    assert router is not None
    assert routed(router, {"text": "the invoice and its payment"}) == 4
    assert routed(router, {"text": "a goal in the match"}) == 7
    assert gains[0].shares[4] + gains[0].shares[7] > 0.9


def test_shuffled_scores_give_nothing_more_often_than_they_may() -> None:
    offered = [found(shuffled(two_kinds(80, seed), seed)).offered for seed in range(40)]
    assert sum(offered) <= 3  # 2.5 % of 40 is one


def test_the_gain_on_shuffled_scores_is_about_none() -> None:
    gains = [found(shuffled(two_kinds(80, seed), seed)).gain.gain for seed in range(15)]
    assert abs(float(np.mean(gains))) < 0.02


def test_a_prompt_that_is_best_everywhere_needs_no_router() -> None:
    rng = random.Random(5)
    values = tuple({"text": sentence(BILLS + GAMES, rng)} for _ in range(60))
    scores = np.array([[1.0, 0.0] for _ in range(60)])
    table = Table.read((1, 2), ("text",), values, scores)
    assert learned(table) is None
    routing = found(table)
    assert not routing.offered
    assert (routing.single, routing.together) == (1.0, 1.0)


def test_too_little_is_not_learned_from() -> None:
    assert routing_of(two_kinds(FEWEST - 1, 0)) is None
    one = two_kinds(60, 0)
    assert routing_of(Table((4,), one.inputs, one.columns, one.scores[:, :1])) is None


def test_an_input_like_nothing_seen_gets_the_best_alone() -> None:
    table = two_kinds(120, 3, right=0.9, wrong=0.2)
    router = learned(table)
    assert router is not None
    assert routed(router, {"text": ""}) == router.candidates[0]
    assert routed(router, {"text": "🙂🙂"}) == router.candidates[0]
    assert routed(router, {}) == router.candidates[0]
    best = table.candidates[int(np.argmax(table.scores.mean(axis=0)))]
    assert router.candidates[0] == best


def test_a_router_needs_no_text_of_the_examples() -> None:
    router = learned(two_kinds(120, 3))
    assert router is not None
    assert not any(word in repr(router) for word in (*BILLS, *GAMES))


def test_scripts_without_spaces_are_told_apart_too() -> None:
    rng = random.Random(2)
    values, scores = [], []
    for row in range(120):
        bill = row % 2 == 0
        text = rng.choice(
            ["請求書の金額を確認", "振込の期日は明日"]
            if bill
            else ["試合の得点", "選手が監督と話す"]
        )
        values.append({"text": text})
        scores.append([float(bill), float(not bill)])
    routing = found(Table.read((1, 2), ("text",), values, np.array(scores)))
    assert routing.offered
    assert routing.gain.gain > 0.4


def test_rows_are_of_length_one_and_what_was_never_seen_is_left_out() -> None:
    columns = columns_of("an invoice, an amount")
    rarity = dict.fromkeys(columns, 2.0)
    row = weighed(columns | {"99999": 5.0}, rarity)
    assert sum(value**2 for value in row.values()) == pytest.approx(1.0)
    assert "99999" not in row
    assert weighed({}, rarity) == {}

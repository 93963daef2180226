"""Metrics of lists: what is in them counts, and for passages where the first right one stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.metrics import kind_for
from optimizer.core.metrics.retrieval_recall import Measure, RetrievalRecall
from optimizer.core.metrics.set_f1 import SetF1
from optimizer.core.programs.signature import Field, FieldType, Value

F1 = SetF1("x", "x")
RECALL, RANK = RetrievalRecall("x", "x"), RetrievalRecall("x", "x", measure=Measure.RANK)
PASSAGES: Value = [
    {"title": "Ada Lovelace", "text": "She wrote a program."},
    {"title": "京都", "text": "千年の都"},
    "title: Babbage\ntext: He drew an engine.",
]


@pytest.mark.parametrize(
    ("said", "wanted", "score"),
    [
        (["a", "b"], ["b", "a"], 1.0),
        (["A.", "the b", "b"], ["a", "b"], 1.0),
        (["a"], ["a", "b"], 2 / 3),
        (["a", "c"], ["a", "b"], 0.5),
        ([], ["a"], 0.0),
        (["a"], [], 0.0),
        ([], [], 1.0),
        (None, [], 1.0),
        (None, None, 1.0),
        ("a", ["a"], 1.0),
        ([1, 2.0], ["2", "1"], 1.0),
        ([{"name": "x", "n": 1}], [{"n": 1.0, "name": "X"}], 1.0),
    ],
)
def test_set_f1(said: Value, wanted: Value, score: float) -> None:
    assert F1.compared(said, wanted).value == pytest.approx(score)


def test_set_f1_says_what_is_missing_and_what_was_not_expected() -> None:
    assert F1.compared(["a", "c"], ["a", "b"]).reason == "missing “b”; not expected “c”"


items = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=5)


@given(items, items)
def test_set_f1_is_the_same_both_ways_and_1_only_for_the_same_set(
    one: list[str], other: list[str]
) -> None:
    score = F1.compared(list(one), list(other)).value
    assert score == F1.compared(list(other), list(one)).value
    assert (score == 1) == (set(one) == set(other))


@pytest.mark.parametrize(
    ("wanted", "recall", "rank"),
    [
        (["Ada Lovelace", "Babbage"], 1.0, 1.0),
        (["Babbage"], 1.0, 1 / 3),
        (["京都", "Nobody"], 0.5, 0.5),
        ("ada lovelace", 1.0, 1.0),
        (["Ada"], 0.0, 0.0),
        (["drew an engine"], 1.0, 1 / 3),
        ([], 1.0, 1.0),
        (None, 1.0, 1.0),
    ],
)
def test_what_should_be_found_is_found_by_a_part_or_in_the_text(
    wanted: Value, recall: float, rank: float
) -> None:
    assert RECALL.compared(PASSAGES, wanted).value == recall
    assert RANK.compared(PASSAGES, wanted).value == pytest.approx(rank)


def test_nothing_found_is_said_with_what_is_missing() -> None:
    assert RECALL.compared([], ["Ada"]).reason == "not found: “Ada”"
    assert RECALL.compared(None, ["Ada"]).value == 0


def test_set_f1_is_the_natural_metric_of_two_lists() -> None:
    field = Field("x", FieldType.LIST)
    assert kind_for(field, field) is SetF1

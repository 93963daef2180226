"""A word diff rebuilds both texts exactly and reads like an editor's corrections."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promptlab.ui.diff import Segment, word_diff

TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="ab <>&'’.\n\t", max_size=120),
    st.text(alphabet="意図をラベル返す。refund \n", max_size=80),
)


def side(segments: list[Segment], left_out: str) -> str:
    return "".join(segment.text for segment in segments if segment.op != left_out)


@given(TEXTS, TEXTS)
@settings(max_examples=400, deadline=None)
@example("", "")
@example("don't", "don’t")
@example("a\n\nb", "a\nb")
def test_both_sides_are_rebuilt_exactly(before: str, after: str) -> None:
    segments = word_diff(before, after)
    assert side(segments, "insert") == before
    assert side(segments, "delete") == after


@given(TEXTS, TEXTS)
@settings(max_examples=200, deadline=None)
def test_no_segment_is_empty_and_a_deletion_comes_before_its_insertion(
    before: str, after: str
) -> None:
    ops = [segment.op for segment in word_diff(before, after)]
    assert all(segment.text for segment in word_diff(before, after))
    assert ("insert", "delete") not in list(pairwise(ops))


@given(TEXTS)
@settings(deadline=None)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(segment.op == "equal" for segment in word_diff(text, text))


def test_whole_words_are_marked_and_kept_sentences_stay_whole() -> None:
    assert word_diff("Classify the intent. Be brief.", "Classify its intent. Be brief.") == [
        Segment("equal", "Classify "),
        Segment("delete", "the"),
        Segment("insert", "its"),
        Segment("equal", " intent. Be brief."),
    ]


def test_a_small_word_between_two_changes_joins_them() -> None:
    segments = word_diff("name of city", "label in town")
    assert [segment.op for segment in segments] == ["delete", "insert"]


def test_japanese_is_compared_character_by_character() -> None:
    assert word_diff("意図を分類", "主な意図を分類") == [
        Segment("insert", "主な"),
        Segment("equal", "意図を分類"),
    ]


@pytest.mark.parametrize(("text", "shown"), [("\n", "↵\n"), ("  ", "··"), (" a ", " a ")])
def test_a_change_of_white_space_alone_can_be_seen(text: str, shown: str) -> None:
    assert Segment("insert", text).shown == shown


def test_two_texts_with_nothing_in_common_take_a_bounded_time() -> None:
    before = " ".join(f"old{n % 977}" for n in range(6000))
    after = " ".join(f"new{n % 983}" for n in range(6000))
    started = time.monotonic()
    segments = word_diff(before, after, seconds=0.2)
    assert time.monotonic() - started < 2
    assert side(segments, "delete") == after

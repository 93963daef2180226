"""Demos chosen for each input: the right ones, in the right order, and never the answer itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.evaluation.execute import predict
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.demo import (
    Choosing,
    Demo,
    DemoPool,
    NearestDemos,
    PooledDemo,
)
from optimizer.core.programs.likeness import Index, most_alike, terms
from optimizer.core.programs.lm import Reply
from optimizer.core.programs.program import ModulePrompt
from tests.core.programs import ONE_STEP, TWO_STEPS
from tests.fakes.steps import held

ROWS = (
    ("Please give my money back", "refund"),
    ("I want a refund of the money", "refund"),
    ("Where is my parcel", "delivery"),
    ("The parcel is late", "delivery"),
    ("Thank you so much", "other"),
)


def pool(rows=ROWS, field="message") -> DemoPool:
    return DemoPool(
        (field,),
        tuple(
            PooledDemo(
                {field: text, "intent": label}, False, f"t{n}", ONE_STEP.key_of({"message": text})
            )
            for n, (text, label) in enumerate(rows)
        ),
    )


def texts_of(demos) -> list[str]:
    return [demo.values["message"] for demo in demos]


def test_the_most_alike_are_shown_and_the_best_match_last():
    shown = NearestDemos(2, pool()).demos_by_words({"message": "money back for the refund"})
    assert texts_of(shown) == [ROWS[0][0], ROWS[1][0]]


def test_where_nothing_is_alike_there_are_as_many_demos_all_the_same():
    assert len(NearestDemos(3, pool()).demos_by_words({"message": "xyzzy"})) == 3


def test_fixed_demos_stand_before_the_nearest():
    fixed = Demo({"message": "Hello", "intent": "other"})
    shown = NearestDemos(1, pool(), fixed=(fixed,)).demos_by_words({"message": "late parcel"})
    assert texts_of(shown) == ["Hello", "The parcel is late"]


@pytest.mark.parametrize(
    "asked", ["Where is my parcel", "  WHERE is my\tparcel ", "where is my parcel"]
)
@pytest.mark.parametrize("choosing", Choosing)
def test_neither_the_example_itself_nor_its_duplicate_is_a_demo(asked, choosing):
    nearest = NearestDemos(4, pool(), choosing, label="intent")
    assert "Where is my parcel" not in texts_of(nearest.demos_by_words({"message": asked}))


def test_a_row_is_left_out_by_what_the_program_was_given_where_its_module_sees_something_else():
    inner = DemoPool(
        ("summary",),
        tuple(
            PooledDemo(
                {"summary": f"about {t}", "intent": i},
                True,
                str(n),
                ONE_STEP.key_of({"message": t}),
            )
            for n, (t, i) in enumerate(ROWS)
        ),
    )
    candidate = baseline_of(TWO_STEPS).with_module(
        "judge", ModulePrompt("", NearestDemos(4, inner))
    )
    said = []

    def reply(prompt):
        said.append(prompt)
        return Reply('{"summary": "my parcel"}' if len(said) == 1 else '{"intent": "refund"}')

    held(predict(TWO_STEPS, candidate, {"message": "where is my  parcel"}), reply)
    shown = [m.content for m in said[1].messages if m.role == "user"][:-1]
    assert len(shown) == 4
    assert not any("Where is my parcel" in text for text in shown)


def test_balanced_shows_the_nearest_of_every_label():
    shown = NearestDemos(3, pool(), Choosing.BALANCED, "intent").demos_by_words(
        {"message": "my money refund"}
    )
    assert {demo.values["intent"] for demo in shown} == {"refund", "delivery", "other"}


def test_diverse_leaves_out_what_says_the_same_again():
    rows = (
        ("late parcel today", "a"),
        ("late parcel today!", "b"),
        ("late parcel of books", "c"),
        ("x", "d"),
    )
    nearest = NearestDemos(2, pool(rows)).demos_by_words({"message": "late parcel"})
    diverse = NearestDemos(2, pool(rows), Choosing.DIVERSE).demos_by_words(
        {"message": "late parcel"}
    )
    assert {d.values["intent"] for d in nearest} == {"a", "b"}
    assert {d.values["intent"] for d in diverse} == {"a", "c"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("東京駅", ["東京", "京駅"]),
        ("犬", ["犬"]),
        ("iPhoneを買う", ["iphone", "を買", "買う"]),
        ("สวัสดี", ["สว"]),
        ("", []),
    ],
)
def test_words_are_told_apart_in_every_script(text, wanted):
    assert terms(text)[: len(wanted)] == wanted


def test_scripts_without_spaces_find_their_like():
    rows = (
        ("返金してください", "refund"),
        ("荷物はどこですか", "delivery"),
        ("ありがとう", "other"),
    )
    shown = NearestDemos(1, pool(rows)).demos_by_words({"message": "私の荷物が届かない"})
    assert shown[0].values["intent"] == "delivery"


@given(
    st.lists(st.text("ab c東京", max_size=12), min_size=1, max_size=12),
    st.text("ab c東京", max_size=12),
    st.integers(1, 6),
    st.sampled_from(Choosing),
    st.data(),
)
def test_whatever_the_texts_are_as_many_as_wanted_are_chosen_and_none_twice(
    texts, asked, count, choosing, data
):
    without = frozenset(data.draw(st.sets(st.integers(0, len(texts) - 1))))
    chosen = most_alike(Index(texts), asked, count, choosing, [t[:1] for t in texts], without)
    assert len(chosen) == len(set(chosen)) == min(count, len(texts) - len(without))
    assert not set(chosen) & without
    again = most_alike(Index(texts), asked, count, choosing, [t[:1] for t in texts], without)
    assert again == chosen


def test_a_choice_that_cannot_work_is_a_problem_of_its_module():
    wrong = PooledDemo({"message": "Hello", "intent": "no such intent"})
    demos = NearestDemos(0, DemoPool(("text",), (wrong,)), Choosing.BALANCED, "mood")
    (module,) = ONE_STEP.modules
    codes = [p.code for p in replace(module, demos=demos).problems()]
    assert codes == [
        "nearest.none", "nearest.no_such_input", "nearest.no_such_output", "nearest.demo",
    ]  # fmt: skip
    assert replace(module, demos=NearestDemos(2, pool())).problems() == []


def test_what_tells_candidates_apart_is_the_pool_and_how_it_is_chosen_from():
    made = [
        NearestDemos(2, pool()), NearestDemos(3, pool()), NearestDemos(2, pool(ROWS[:3])),
        NearestDemos(2, pool(), Choosing.DIVERSE),
        NearestDemos(2, pool(), fixed=(Demo({"message": "x", "intent": "y"}),)),
    ]  # fmt: skip
    digests = {Candidate({"classify": ModulePrompt("Do.", each)}).digest for each in made}
    assert len(digests) == len(made)
    same = NearestDemos(2, pool())
    assert Candidate({"classify": ModulePrompt("Do.", same)}) == Candidate(
        {"classify": ModulePrompt("Do.", made[0])}
    )

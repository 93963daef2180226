"""Several parts of one metric: what becomes of them together, and what each of the kinds says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import CallTrace, PartScore, Prediction, Score
from optimizer.core.metrics import METRIC_KINDS, combined, parts_of
from optimizer.core.metrics.answer_length import AnswerLength, Unit, size_of
from optimizer.core.metrics.date_match import DateMatch
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.json_fields import JsonFields
from optimizer.core.metrics.mentions import Mentions, Wanted
from optimizer.core.metrics.normalisations import Normalisation as N
from optimizer.core.metrics.numeric import Decimal, Numeric
from optimizer.core.metrics.parts import Counts, Objective, Part, part_problems, together
from optimizer.core.metrics.regex import Found, Regex
from optimizer.core.metrics.usage_limit import Spent, UsageLimit
from optimizer.core.programs.example import Example
from optimizer.core.programs.steps import alone


def judged(metric: Metric, given: Any, expected: Any = None, **others: Any) -> Score:
    outputs = {"answer": given, **others}
    found = alone(metric.score(Example("1", {}, {"label": expected}), Prediction(outputs)))
    assert found is not None
    return found


def exact(**options: Any) -> ExactMatch:
    return ExactMatch("answer", "label", **options)


def part(name: str, weight: float = 1.0, counts: Counts = Counts.WEIGHTED) -> Part:
    return Part(name, exact(threshold=0.5), weight, counts)


SCORES = st.floats(0, 1, allow_nan=False)


def test_the_mean_counts_parts_by_their_weights() -> None:
    parts = [part("right", 3), part("short", 1)]
    score = together(parts, [Score(1.0), Score(0.0, "too long")], Objective.MEAN)
    assert score.value == 0.75
    assert score.reason == "short 0 (too long)"
    assert score.parts == (PartScore("right", 1.0), PartScore("short", 0.0, "too long"))


def test_of_a_product_one_part_at_nothing_takes_all() -> None:
    parts = [part("a"), part("b")]
    assert together(parts, [Score(1.0), Score(0.0)], Objective.PRODUCT).value == 0.0
    assert together(parts, [Score(0.5), Score(0.5)], Objective.PRODUCT).value == 0.25


def test_the_first_must_that_fails_says_why_the_whole_is_nothing() -> None:
    parts = [part("right"), part("form", counts=Counts.MUST), part("price", counts=Counts.MUST)]
    score = together(parts, [Score(1.0), Score(0.4, "no JSON"), Score(0.0)], Objective.MEAN)
    assert (score.value, score.reason) == (0.0, "must hold: form 40 (no JSON)")
    kept = together(parts, [Score(0.5), Score(0.5), Score(1.0)], Objective.MEAN)
    assert kept.value == 0.5


def test_musts_alone_are_right_as_soon_as_all_hold() -> None:
    parts = [part("form", counts=Counts.MUST)]
    assert together(parts, [Score(0.5)], Objective.MEAN).value == 1.0


def test_a_part_that_is_only_shown_changes_nothing() -> None:
    parts = [part("right"), part("length", 5, Counts.SHOWN)]
    score = together(parts, [Score(1.0), Score(0.0)], Objective.MEAN)
    assert (score.value, len(score.parts)) == (1.0, 2)


@given(
    st.lists(st.tuples(SCORES, st.floats(0, 1e6)), min_size=1, max_size=6),
    st.sampled_from(Objective),
)
def test_the_whole_is_a_score_and_not_better_than_its_best_weighted_part(
    said: list[tuple[float, float]], objective: Objective
) -> None:
    parts = [part(str(at), weight) for at, (_, weight) in enumerate(said)]
    score = together(parts, [Score(value) for value, _ in said], objective)
    assert 0 <= score.value <= 1
    if objective is Objective.MEAN and any(weight for _, weight in said):
        weighted = [value for value, weight in said if weight]
        assert min(weighted) - 1e-9 <= score.value <= max(weighted) + 1e-9


def test_parts_are_scored_on_outputs_of_their_own() -> None:
    metric = combined(
        [
            Part("right", exact()),
            Part("short", AnswerLength("note", "", most=3), counts=Counts.MUST),
        ]
    )
    assert metric.columns == {"answer": "label"}
    assert judged(metric, "yes", "yes", note="two words").value == 1.0
    assert judged(metric, "yes", "yes", note="these are four words").value == 0.0


def test_a_part_that_cannot_judge_leaves_the_whole_without_a_score() -> None:
    metric = combined([Part("right", exact()), Part("form", Regex("answer", "", pattern="("))])
    with pytest.raises(NoScore, match="cannot be read"):
        judged(metric, "yes", "yes")


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([], "metric.no_parts"),
        ([part("a"), part("a")], "metric.part_twice"),
        ([part(" ")], "metric.part_unnamed"),
        ([part("a", 0)], "metric.nothing_counts"),
        ([part("a", -1)], "metric.part_weight"),
        ([part("a", float("nan"))], "metric.part_weight"),
        ([Part("a", combined([part("b")]))], "metric.part_of_parts"),
        ([part(str(n)) for n in range(21)], "metric.many_parts"),
    ],
)
def test_parts_that_make_no_sense_are_told(parts: list[Part], code: str) -> None:
    assert code in [fault.code for fault in part_problems(parts)]


def test_a_must_counts_whatever_its_weight() -> None:
    assert part_problems([part("a", 0, Counts.MUST)]) == []
    assert part_problems([part("a", 0, Counts.MUST), part("b", 1, Counts.SHOWN)]) == []


def test_a_metric_without_parts_is_its_own_only_part() -> None:
    (only,) = parts_of(exact())
    assert only.metric == exact()


# --- What counts between spellings ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected", "strict", "right"),
    [
        ("The Cat.", "cat", (), True),
        ("Cat", "cat", (N.CASE,), False),
        ("cat.", "cat", (N.CASE,), True),
        ("cat.", "cat", (N.PUNCTUATION,), False),
        ("a  cat", "a cat", (N.SPACE,), False),
        ("a  cat", "a cat", (N.CASE,), True),
        ("the cat", "cat", (N.ARTICLES,), False),
        ("the cat", "cat", (N.CASE,), True),
        ("ｃａｔ", "cat", (N.CASE,), True),
        ("ｃａｔ", "cat", (N.WIDTH,), False),
        ("1,000.0", "1000", (N.CASE,), True),
        ("1,000.0", "1000", (N.NUMBERS,), False),
        ("007", "7", (N.CASE,), False),
        ("-5", "5", (N.CASE,), False),
        ("3.14", "314", (N.CASE,), False),
        ("京都", "京都。", (N.CASE,), True),
        ("京都", "東京", (N.CASE,), False),
        (["a", "b"], ["a", "B"], (N.CASE,), False),
        (["a", "b"], ["a", "b."], (N.CASE,), True),
    ],
)
def test_what_counts_is_chosen_one_by_one(
    given: Any, expected: Any, strict: tuple[N, ...], right: bool
) -> None:
    assert judged(exact(strict=strict), given, expected).value == right


@given(st.text(max_size=30), st.sets(st.sampled_from(N)))
def test_a_text_is_always_itself(text: str, strict: set[N]) -> None:
    assert judged(exact(strict=tuple(strict)), text, text).value == 1.0


def test_a_cell_may_hold_several_right_answers() -> None:
    several = exact(separator="|")
    assert judged(several, "car", "auto | car").value == 1.0
    assert judged(exact(), "car", "auto | car").value == 0.0


# --- Numbers and days ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "given", "expected", "right"),
    [
        ({"relative": 0.05}, "104", 100, True),
        ({"relative": 0.05}, "106", 100, False),
        ({"decimal": Decimal.COMMA}, "1.234,5", 1234.5, True),
        ({"decimal": Decimal.COMMA}, "1.234", 1234, True),
        ({"decimal": Decimal.POINT}, "1,234", 1234, True),
        ({"decimal": Decimal.POINT}, "1,5", 15, True),
        ({"decimal": Decimal.COMMA}, 1.5, "1,5", True),
    ],
)
def test_numbers_have_a_locale_and_a_relative_tolerance(
    options: dict[str, Any], given: Any, expected: Any, right: bool
) -> None:
    assert judged(Numeric("answer", "label", **options), given, expected).value == right


@pytest.mark.parametrize(
    ("given", "expected", "tolerance", "right"),
    [
        ("March 5, 2024", "2024-03-05", 0, True),
        ("2024年3月5日", "5 March 2024", 0, True),
        ("2024-03-06", "2024-03-05", 0, False),
        ("2024-03-06", "2024-03-05", 1, True),
        ("03/04/2024", "2024-03-04", 0, False),
        ("soon", "2024-03-04", 0, False),
        ("2024-03-06", ["2024-03-05", "2024-03-06"], 0, True),
    ],
)
def test_a_day_is_right_however_it_is_written(
    given: str, expected: Any, tolerance: float, right: bool
) -> None:
    metric = DateMatch("answer", "label", tolerance=tolerance)
    assert judged(metric, given, expected).value == right


# --- Rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "found", "given", "right"),
    [
        (r"\d{3}", Found.SOMEWHERE, "ab123", True),
        (r"\d{3}", Found.WHOLE, "ab123", False),
        (r"[a-z]+\d+", Found.WHOLE, "ab123", True),
        (r"as an AI", Found.NOWHERE, "Hello", True),
        (r"(?i)AS AN ai", Found.NOWHERE, "As an AI, I", False),
        (r"日本", Found.SOMEWHERE, "日本語", True),
    ],
)
def test_a_pattern_is_looked_for(pattern: str, found: Found, given: str, right: bool) -> None:
    assert judged(Regex("answer", "", pattern=pattern, found=found), given).value == right


def test_no_pattern_hangs() -> None:
    metric = Regex("answer", "", pattern=r"(a+)+$")
    assert judged(metric, "a" * 50_000 + "b").value == 0.0


@pytest.mark.parametrize(
    ("wanted", "given", "value"),
    [
        (Wanted.ALL, "Red and green", 0.5),
        (Wanted.ALL, "Red, BLUE sky", 1.0),
        (Wanted.ANY, "a blue sky", 1.0),
        (Wanted.ANY, "reddish", 0.0),
        (Wanted.NONE, "reddish", 1.0),
        (Wanted.NONE, "It is red.", 0.0),
    ],
)
def test_texts_are_found_as_words(wanted: Wanted, given: str, value: float) -> None:
    assert judged(
        Mentions("answer", "", texts=("red", "blue sky"), wanted=wanted), given
    ).value == (value)


@pytest.mark.parametrize(
    ("unit", "value", "size"),
    [
        (Unit.WORDS, "It's two words", 3),
        (Unit.WORDS, "日本語", 3),
        (Unit.WORDS, "  ", 0),
        (Unit.WORDS, None, 0),
        (Unit.CHARACTERS, "né", 2),
        (Unit.SENTENCES, "One. Two! Three? And 3.5 more", 4),
        (Unit.SENTENCES, "一つ。二つ。", 2),
        (Unit.LINES, "a\n\nb", 2),
        (Unit.ITEMS, ["a", "b"], 2),
        (Unit.ITEMS, [], 0),
        (Unit.ITEMS, "a", 1),
    ],
)
def test_lengths_are_counted_in_what_is_chosen(unit: Unit, value: Any, size: int) -> None:
    assert size_of(value, unit) == size


def test_a_length_has_two_ends() -> None:
    metric = AnswerLength("answer", "", least=2, most=3)
    found = [judged(metric, text).value for text in ("one", "one two", "one two three four")]
    assert found == [0.0, 1.0, 0.0]


def call(**said: Any) -> CallTrace:
    return CallTrace("c", "m", {}, {}, "", **said)


def test_a_budget_is_judged_by_what_the_calls_took() -> None:
    trace = (call(cost=300, seconds=1.0, prompt_tokens=40), call(cost=100, seconds=0.5))
    for spent, most, value in (
        (Spent.COST, 0.0004, 1.0),
        (Spent.COST, 0.0002, 0.5),
        (Spent.LATENCY, 0.75, 0.5),
        (Spent.PROMPT_TOKENS, 40, 1.0),
    ):
        metric = UsageLimit("", "", spent=spent, most=most)
        found = alone(metric.score(Example("1", {}, {}), Prediction({}, trace)))
        assert found is not None
        assert found.value == pytest.approx(value)


def test_a_price_that_nobody_knows_is_no_price_of_nothing() -> None:
    metric = UsageLimit("", "", spent=Spent.COST, most=1)
    with pytest.raises(NoScore, match="not known"):
        alone(metric.score(Example("1", {}, {}), Prediction({}, (call(priced=False),))))


# --- Fields of an object -------------------------------------------------------------------------


BOOKING = {"people": 4, "date": "2024-03-05", "name": "Ann", "time": None}


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (BOOKING, 1.0),
        (json.dumps(BOOKING), 1.0),
        ({**BOOKING, "people": "4"}, 1.0),
        ({k: v for k, v in BOOKING.items() if v is not None}, 1.0),
        ({**BOOKING, "time": "19:00"}, 0.75),
        ({**BOOKING, "extra": 1}, 0.8),
        ({}, 0.25),
        ("no object", 0.0),
        (None, 0.25),
    ],
)
def test_every_field_of_an_object_counts_alike(given: Any, value: float) -> None:
    assert judged(JsonFields("answer", "label"), given, BOOKING).value == pytest.approx(value)


def test_fields_have_kinds_and_weights_of_their_own() -> None:
    fields = (
        Part("slots.people", Numeric("slots.people", "slots.people", tolerance=1), 3),
        Part("slots.date", DateMatch("slots.date", "slots.date")),
    )
    metric = JsonFields("answer", "label", fields=fields)
    expected = {"slots": {"people": 4, "date": "2024-03-05"}}
    score = judged(metric, {"slots": {"people": 5, "date": "March 6, 2024"}}, expected)
    assert score.value == 0.75
    assert [(p.name, p.value) for p in score.parts] == [("slots.people", 1.0), ("slots.date", 0.0)]


def test_an_expected_text_that_is_no_object_cannot_be_judged() -> None:
    with pytest.raises(NoScore, match="is no object"):
        judged(JsonFields("answer", "label"), {}, "four people")


def test_every_kind_says_what_it_needs() -> None:
    """A kind that needs no column is not refused for the lack of one."""
    free = {name for name, kind in METRIC_KINDS.items() if not kind.needs_expected}
    assert {"regex", "mentions", "answer_length", "usage_limit", "custom_code", "combined"} <= free

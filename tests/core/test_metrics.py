"""Built-in metrics: scores in 0–1, each with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.evaluation.metrics import Metric, MetricKind, normalized
from optimizer.core.evaluation.outcome import Score
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value
from tests.core.programs import ONE_STEP, TWO_STEPS
from tests.fakes.telling import all_told

kinds = st.sampled_from(MetricKind)
values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.lists(st.text(), max_size=3),
)


def score(kind: MetricKind, given_: Value, expected: Value, tolerance: float = 0.0) -> Score:
    metric = Metric(kind, "answer", "gold", tolerance)
    return metric.score(Example("1", {}, {"gold": expected}), {"answer": given_})


@given(kinds, values, values)
def test_every_score_is_between_0_and_1_and_has_a_reason(
    kind: MetricKind, given_: Value, expected: Value
) -> None:
    found = score(kind, given_, expected)

    assert 0.0 <= found.value <= 1.0
    assert found.reason


@given(kinds, st.text(min_size=1).filter(str.strip))
def test_the_expected_text_itself_is_right_by_every_metric_of_texts(
    kind: MetricKind, text: str
) -> None:
    if kind is not MetricKind.NUMERIC:
        assert score(kind, text, text).value == 1.0


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15))
def test_the_expected_number_itself_is_right(number: float) -> None:
    assert score(MetricKind.NUMERIC, number, number).value == 1.0
    assert score(MetricKind.NUMERIC, f"so it is {number}", number).value == 1.0


@given(st.text(), st.text())
def test_f1_does_not_depend_on_the_side(one: str, other: str) -> None:
    assert score(MetricKind.TOKEN_F1, one, other).value == pytest.approx(
        score(MetricKind.TOKEN_F1, other, one).value
    )


@given(st.text(), st.text())
def test_an_exact_match_has_f1_1_and_contains_the_answer(given_: str, expected: str) -> None:
    if score(MetricKind.EXACT_MATCH, given_, expected).value == 1.0 and normalized(expected):
        assert score(MetricKind.TOKEN_F1, given_, expected).value == 1.0
        assert score(MetricKind.CONTAINS, given_, expected).value == 1.0


@given(st.text())
def test_what_is_normalized_stays_so(text: str) -> None:
    once = normalized(text)

    assert normalized(once) == once


@pytest.mark.parametrize(
    ("kind", "given_", "expected", "value"),
    [
        (MetricKind.EXACT_MATCH, "The  Eiffel tower.", "eiffel Tower", 1.0),
        (MetricKind.EXACT_MATCH, "Eiffel", "Eiffel tower", 0.0),
        (MetricKind.EXACT_MATCH, "NYC", ["New York", "NYC"], 1.0),
        (MetricKind.EXACT_MATCH, ["b", "A"], ["a", "B"], 1.0),
        (MetricKind.EXACT_MATCH, ["a"], ["a", "b"], 0.0),
        (MetricKind.EXACT_MATCH, 3, "3", 1.0),
        (MetricKind.EXACT_MATCH, True, "true", 1.0),
        (MetricKind.EXACT_MATCH, "A", "A", 1.0),
        (MetricKind.EXACT_MATCH, "The", "A", 0.0),
        (MetricKind.EXACT_MATCH, "+", "-", 0.0),
        (MetricKind.TOKEN_F1, "the cat sat", "cat sat down", 0.8),
        (MetricKind.TOKEN_F1, "dog", "cat", 0.0),
        (MetricKind.TOKEN_F1, "Paris", ["London", "Paris France"], 2 / 3),
        (MetricKind.TOKEN_F1, "x", [], 0.0),
        (MetricKind.CONTAINS, "It is Paris, of course.", "paris", 1.0),
        (MetricKind.CONTAINS, "It is Rome.", "Paris", 0.0),
        (MetricKind.CONTAINS, "anything", "", 0.0),
        (MetricKind.CONTAINS, "B or so", ["A", "B"], 1.0),
        (MetricKind.CHOICE_ACCURACY, " Refund ", "refund", 1.0),
        (MetricKind.CHOICE_ACCURACY, "A", "B", 0.0),
        (MetricKind.CHOICE_ACCURACY, 1, "1", 1.0),
        (MetricKind.NUMERIC, "The answer is 1,234.50.", 1234.5, 1.0),
        (MetricKind.NUMERIC, "first 3, then 4", "#### 4", 1.0),
        (MetricKind.NUMERIC, "3-4", 4, 1.0),
        (MetricKind.NUMERIC, "−7", -7, 1.0),
        (MetricKind.NUMERIC, "it is .5", 0.5, 1.0),
        (MetricKind.NUMERIC, "2e3", 2000, 1.0),
        (MetricKind.NUMERIC, "none", 4, 0.0),
        (MetricKind.NUMERIC, 4, "none", 0.0),
        (MetricKind.NUMERIC, True, 1, 0.0),
    ],
)
def test_answers_are_judged_as_people_would(
    kind: MetricKind, given_: Value, expected: Value, value: float
) -> None:
    assert score(kind, given_, expected).value == pytest.approx(value)


def test_the_tolerance_is_the_largest_difference_that_is_still_right() -> None:
    assert score(MetricKind.NUMERIC, 10.5, 10, tolerance=0.5).value == 1.0
    assert score(MetricKind.NUMERIC, 10.6, 10, tolerance=0.5).value == 0.0


def test_the_reason_says_what_was_expected_and_what_came() -> None:
    assert score(MetricKind.EXACT_MATCH, "x" * 100, "b").reason == (
        f"expected “b”, got “{'x' * 80}…”"
    )
    assert score(MetricKind.EXACT_MATCH, "b", "b").reason == "as expected"
    assert score(MetricKind.NUMERIC, "many", 3).reason == "no number in “many”"
    assert score(MetricKind.NUMERIC, 3, "many").reason == "expected “many” is not a number"


def test_a_metric_names_the_field_that_is_missing() -> None:
    metric = Metric(MetricKind.EXACT_MATCH, "label", "gold")

    assert all_told(metric.problems(ONE_STEP, {"intent", "note"})) == [
        "The metric reads output “label”, but the program gives intent.",
        "The metric compares with “gold”, which is no expected column of the dataset; "
        "it has intent, note.",
    ]


def test_choice_accuracy_needs_a_choice() -> None:
    on_choice = Metric(MetricKind.CHOICE_ACCURACY, "intent", "intent")
    on_text = Metric(MetricKind.CHOICE_ACCURACY, "summary", "intent")
    giving_text = type(TWO_STEPS)(
        TWO_STEPS.name,
        TWO_STEPS.inputs,
        TWO_STEPS.modules,
        TWO_STEPS.calls,
        {"summary": "summarize.summary"},
    )

    assert on_choice.problems(TWO_STEPS, {"intent"}) == []
    assert all_told(on_text.problems(giving_text, {"intent"})) == [
        "Choice accuracy needs a choice field; “summary” is text."
    ]

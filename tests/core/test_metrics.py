"""Built-in metrics: scores in 0–1, each with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.metrics import METRIC_KINDS
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.metrics.comparison import Comparison
from optimizer.core.metrics.contains import Contains
from optimizer.core.metrics.date_match import DateMatch
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.json_fields import JsonFields
from optimizer.core.metrics.numeric import Numeric
from optimizer.core.metrics.retrieval_recall import RetrievalRecall
from optimizer.core.metrics.texts import words_of
from optimizer.core.metrics.token_f1 import TokenF1
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Field, FieldType, Value
from optimizer.core.programs.steps import alone
from tests.core.programs import ONE_STEP, TWO_STEPS
from tests.fakes.telling import all_told

ALONE = [kind for kind in METRIC_KINDS.values() if issubclass(kind, Comparison)]
"""Those that ask nothing of the world to judge an answer."""
kinds = st.sampled_from(ALONE)
values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.lists(st.text(), max_size=3),
)


def score(kind: type[Metric], given_: Value, expected: Value, tolerance: float = 0.0) -> Score:
    metric = kind("answer", "gold", tolerance=tolerance)
    example, prediction = Example("1", {}, {"gold": expected}), Prediction({"answer": given_})
    found = alone(metric.score(example, prediction))
    assert found is not None  # none of these asks anybody
    return found


@given(kinds, values, values)
def test_every_score_is_between_0_and_1_and_has_a_reason(
    kind: type[Metric], given_: Value, expected: Value
) -> None:
    found = score(kind, given_, expected)

    assert 0.0 <= found.value <= 1.0
    assert found.reason


@given(kinds, st.text(min_size=1).filter(str.strip))
@example(Contains, "\xad")
@example(RetrievalRecall, "\xad")
def test_the_expected_text_itself_is_right_by_every_metric_of_texts(
    kind: type[Metric], text: str
) -> None:
    if kind not in (Numeric, DateMatch):
        assert score(kind, text, text).value == 1.0


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15))
def test_the_expected_number_itself_is_right(number: float) -> None:
    assert score(Numeric, number, number).value == 1.0
    assert score(Numeric, f"so it is {number}", number).value == 1.0


@given(st.text(), st.text())
def test_f1_does_not_depend_on_the_side(one: str, other: str) -> None:
    assert score(TokenF1, one, other).value == pytest.approx(score(TokenF1, other, one).value)


@given(st.text(), st.text())
def test_an_exact_match_has_f1_1_and_contains_the_answer(given_: str, expected: str) -> None:
    if score(ExactMatch, given_, expected).value == 1.0 and words_of(expected):
        assert score(TokenF1, given_, expected).value == 1.0
        assert score(Contains, given_, expected).value == 1.0


@pytest.mark.parametrize(
    ("kind", "given_", "expected", "value"),
    [
        (ExactMatch, "The  Eiffel tower.", "eiffel Tower", 1.0),
        (ExactMatch, "Eiffel", "Eiffel tower", 0.0),
        (ExactMatch, "NYC", ["New York", "NYC"], 1.0),
        (ExactMatch, ["A", "b"], ["a", "B"], 1.0),
        (ExactMatch, ["b", "a"], ["a", "b"], 0.0),
        (ExactMatch, ["a", "b"], "a, b", 1.0),
        (ExactMatch, ["a"], ["a", "b"], 0.0),
        (ExactMatch, 3, "3", 1.0),
        (ExactMatch, True, "true", 1.0),
        (ExactMatch, True, "yes", 1.0),
        (ExactMatch, "No", False, 1.0),
        (ExactMatch, False, "yes", 0.0),
        (ExactMatch, 3.0, "3", 1.0),
        (ExactMatch, 1200, "$1,200", 1.0),
        (ExactMatch, "3.50", 3.5, 1.0),
        (ExactMatch, 3, "three", 0.0),
        (ExactMatch, "A", "(A)", 1.0),
        (ExactMatch, "B", "(B)", 1.0),
        (ExactMatch, "vitamin A", "vitamin", 0.0),
        (ExactMatch, "café", "cafe\u0301", 1.0),
        (ExactMatch, "東京。", "東京", 1.0),
        (ExactMatch, "007", "7", 0.0),
        (ExactMatch, "1.2.3", "123", 0.0),
        (ExactMatch, "U.S.", "US", 1.0),
        (ExactMatch, "AT&T", "ATT", 0.0),
        (ExactMatch, "5 - 3", "5 3", 0.0),
        (ExactMatch, "not_spam", "notspam", 0.0),
        (ExactMatch, "A", "A", 1.0),
        (ExactMatch, "The", "A", 0.0),
        (ExactMatch, "+", "-", 0.0),
        (ExactMatch, "102", "10²", 0.0),
        (ExactMatch, "x^2", "x²", 1.0),
        (ExactMatch, "1/2", "½", 1.0),
        (ExactMatch, "2 1/2", "2½", 1.0),
        (ExactMatch, "21/2", "2½", 0.0),
        (ExactMatch, "x = y", "x != y", 0.0),
        (ExactMatch, "x ≥ y", "x >= y", 1.0),
        (ExactMatch, "€5", "5 €", 1.0),
        (ExactMatch, "5", "₹5", 0.0),
        (ExactMatch, "1500", "1\u202f500", 1.0),
        (ExactMatch, "3", "٣", 1.0),
        (ExactMatch, "Par\u00adis", "Paris", 1.0),
        (ExactMatch, "**A**", "A", 1.0),
        (ExactMatch, "good 👎", "good 👍", 0.0),
        (ExactMatch, "K♦", "K♥", 0.0),
        (ExactMatch, "दान", "दिन", 0.0),
        (ExactMatch, "ไม", "ไม่", 0.0),
        (ExactMatch, "دِين", "دين", 1.0),
        (ExactMatch, "x", "x\u0304", 0.0),
        (TokenF1, "the cat sat", "cat sat down", 0.8),
        (TokenF1, "dog", "cat", 0.0),
        (TokenF1, "Paris", ["London", "Paris France"], 2 / 3),
        (TokenF1, "x", [], 0.0),
        (TokenF1, ["x b", "c"], ["x b", "d"], 2 / 3),
        (TokenF1, "1,000 cats", "1000 cats", 1.0),
        (Contains, "It is Paris, of course.", "paris", 1.0),
        (Contains, "It is Rome.", "Paris", 0.0),
        (Contains, "anything", "", 0.0),
        (Contains, "B or so", ["A", "B"], 1.0),
        (Contains, "C++", "C", 0.0),
        (Contains, "I like C#.", "C#", 1.0),
        (Contains, "東京都です", "東京", 1.0),
        (Contains, "東京都です", "大阪", 0.0),
        (Contains, "user@example.org", "user", 0.0),
        (Contains, "x_y", "x", 0.0),
        (Contains, "5/6", "5", 0.0),
        (Contains, "at 1:50", "50", 0.0),
        (Contains, "yes/no", "no", 1.0),
        (ChoiceAccuracy, " Refund ", "refund", 1.0),
        (ChoiceAccuracy, "A", "B", 0.0),
        (ChoiceAccuracy, 1, "1", 1.0),
        (ChoiceAccuracy, "not spam", "not_spam", 1.0),
        (ChoiceAccuracy, "C", "C++", 0.0),
        (ChoiceAccuracy, "yes", True, 1.0),
        (ChoiceAccuracy, "refund", ["refund", "praise"], 1.0),
        (Numeric, "The answer is 1,234.50.", 1234.5, 1.0),
        (Numeric, "first 3, then 4", "#### 4", 1.0),
        (Numeric, "3-4", 4, 1.0),
        (Numeric, "−7", -7, 1.0),
        (Numeric, "it is .5", 0.5, 1.0),
        (Numeric, "2e3", 2000, 1.0),
        (Numeric, "about 1.5 million people", 1_500_000, 1.0),
        (Numeric, "1/2", 0.5, 1.0),
        (Numeric, "½", 0.5, 1.0),
        (Numeric, "2½", 2.5, 1.0),
        (Numeric, "it is 2½ cups", 2.5, 1.0),
        (Numeric, "1 3/4 cups", 1.75, 1.0),
        (Numeric, "3,14", 3.14, 1.0),
        (Numeric, "it costs 1 234,50 €", 1234.5, 1.0),
        (Numeric, "the point (1,2)", 12, 0.0),
        (Numeric, "in 2019 100 people", 100, 1.0),
        (Numeric, "5 - 3", -3, 0.0),
        (Numeric, "none", 4, 0.0),
        (Numeric, 4, "none", 0.0),
        (Numeric, True, 1, 0.0),
    ],
)
def test_answers_are_judged_as_people_would(
    kind: type[Metric], given_: Value, expected: Value, value: float
) -> None:
    assert score(kind, given_, expected).value == pytest.approx(value)


def test_the_tolerance_is_the_largest_difference_that_is_still_right() -> None:
    assert score(Numeric, 10.5, 10, tolerance=0.5).value == 1.0
    assert score(Numeric, 10.6, 10, tolerance=0.5).value == 0.0


def test_the_reason_says_what_was_expected_and_what_came() -> None:
    assert score(ExactMatch, "x" * 100, "b").reason == (f"expected “b”, got “{'x' * 80}…”")
    assert score(ExactMatch, "b", "b").reason == "as expected"
    assert score(Numeric, "many", 3).reason == "no number in “many”"
    assert score(Numeric, 3, "many").reason == "expected “many” is not a number"


def test_a_metric_names_the_field_that_is_missing() -> None:
    metric = ExactMatch("label", "gold")

    assert all_told(metric.problems(ONE_STEP, {"intent", "note"})) == [
        "The metric reads output “label”, but the program gives intent.",
        "The metric compares with “gold”, which is no expected column of the dataset; "
        "it has intent, note.",
    ]


def test_choice_accuracy_needs_a_choice() -> None:
    on_choice = ChoiceAccuracy("intent", "intent")
    on_text = ChoiceAccuracy("summary", "intent")
    giving_text = type(TWO_STEPS)(
        TWO_STEPS.name,
        TWO_STEPS.inputs,
        TWO_STEPS.modules,
        TWO_STEPS.calls,
        {"summary": "summarize.summary"},
    )

    assert on_choice.problems(TWO_STEPS, {"intent"}) == []
    assert all_told(on_text.problems(giving_text, {"intent"})) == [
        "The metric compares choices, but “summary” is text: choose an output that is a choice, or "
        "another kind of metric."
    ]


CASES = json.loads(Path("tests/data/field_cases/metrics.json").read_text("utf-8"))


@pytest.mark.parametrize(("kind", "name"), [(ExactMatch, "exact_match"), (Contains, "contains")])
def test_cases_from_the_field_are_judged_as_people_would(kind: type[Metric], name: str) -> None:
    wrong = [
        case
        for case in CASES[name]
        if score(kind, case["model_says"], case["expected"]).value != case["should_score"]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("kind", "field", "expected", "can"),
    [
        (ExactMatch, Field("x", FieldType.BOOLEAN), "yes", True),
        (ExactMatch, Field("x", FieldType.BOOLEAN), "maybe", False),
        (ExactMatch, Field("x", FieldType.INTEGER), "42 %", True),
        (ExactMatch, Field("x", FieldType.INTEGER), "many", False),
        (ExactMatch, Field("x", FieldType.CHOICE, choices=("a", "b")), ["c", "B"], True),
        (
            ChoiceAccuracy,
            Field("x", FieldType.CHOICE, choices=("not_spam", "spam")),
            "not spam",
            True,
        ),
        (ChoiceAccuracy, Field("x", FieldType.CHOICE, choices=("ham", "spam")), "Eggs", False),
        (Numeric, Field("x"), "none", False),
        (Numeric, Field("x"), "about 3", True),
        (TokenF1, Field("x"), "some words", True),
        (ExactMatch, Field("x", FieldType.LIST), ["a", "b"], True),
    ],
)
def test_what_can_never_be_right_is_known_before(
    kind: type[Metric], field: Field, expected: Value, can: bool
) -> None:
    assert kind("x", "gold").attainable(field, expected) is can


@pytest.mark.parametrize("huge", [10**400, -(10**400), "1" * 400])
@pytest.mark.parametrize("kind", ALONE)
def test_a_number_that_is_too_large_is_judged_as_an_answer(
    kind: type[Comparison], huge: Value
) -> None:
    assert score(kind, huge, "5").value < 1
    assert score(kind, "5", huge).value < 1
    assert score(Numeric, 2**53 + 2, 2**53 + 2).value == 1


@pytest.mark.parametrize("kind", [ExactMatch, JsonFields])
def test_an_object_that_nests_deeply_is_judged_as_an_answer(kind: type[Metric]) -> None:
    deep, other = ('{"a":' * 500 + end + "}" * 500 for end in "12")

    assert score(kind, deep, deep).value == 1
    assert score(kind, json.loads(deep), deep).value == 1
    assert score(kind, deep, other).value == 0

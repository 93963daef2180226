"""Numbers are printed as people read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from promptlab.ui import numbers


@pytest.mark.parametrize(
    ("micro", "shown"),
    [
        (0, "$0.00"),
        (1, "<$0.0001"),
        (49, "<$0.0001"),
        (50, "$0.0001"),
        (12_345, "$0.0123"),
        (60_000, "$0.06"),
        (63_200, "$0.0632"),
        (999_999, "$1.00"),
        (1_250_000, "$1.25"),
        (12_345_678_901, "$12,345.68"),
        (-12_345, "−$0.0123"),
        (None, "–"),
    ],
)
def test_money_has_two_to_four_places_and_is_never_a_false_zero(
    micro: int | None, shown: str
) -> None:
    assert numbers.money(micro) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.93, "930 ms"),
        (0.9999, "1.00 s"),
        (1.58, "1.58 s"),
        (9.999, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (242, "4 min 02 s"),
        (3_599.9, "1 h 00 min"),
        (3_900, "1 h 05 min"),
        (90_000, "1 d 1 h"),
        (timedelta(minutes=2), "2 min 00 s"),
        (None, "–"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float | timedelta | None, shown: str) -> None:
    assert numbers.duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (999, "999"), (4_120, "4.1k"), (999_960, "1.0M"), (2_100_000, "2.1M")],
)
def test_large_counts_are_rounded(count: int, shown: str) -> None:
    assert numbers.compact(count) == shown


def test_scores_are_points_of_a_hundred() -> None:
    assert numbers.score(0.612) == "61.2"
    assert numbers.score(0.612, 0) == "61"
    assert numbers.score(None) == "–"


def test_a_difference_has_its_sign_and_no_difference_has_none() -> None:
    assert numbers.points(0.144) == "+14.4"
    assert numbers.points(-0.031) == "−3.1"
    assert numbers.points(0.0001) == "0.0"


def test_intervals_are_half_a_width_or_both_ends() -> None:
    assert numbers.interval(0.58, 0.638) == "±2.9"
    assert numbers.span(0.58, 0.638) == "58.0–63.8"


def test_a_reader_of_german_sees_a_comma() -> None:
    with translation.override("de"):
        assert numbers.score(0.612) == "61,2"


def test_a_count_that_is_exact_has_its_thousands_apart() -> None:
    assert [numbers.whole(n) for n in (0, 999, 1_234_567, None)] == ["0", "999", "1,234,567", "–"]

"""What may be somebody's is marked, and what is nobody's is not."""

from __future__ import annotations

import pytest

from promptlab.reviews.personal import personal_in


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Write to ann.lee@example.org.", ("e_mail",)),
        ("メールは ann@example.co.jp、まで", ("e_mail",)),
        ("Call +1 415 555 2671 after nine", ("phone",)),
        ("電話は03-1234-5678です", ("phone",)),
        ("Ring (415) 555-2671", ("phone",)),
        ("card 4111 1111 1111 1111, please", ("card",)),
        ("pay to GB82 WEST 1234 5698 7654 32 today", ("account",)),
        ("it came from 203.0.113.9", ("address",)),
        ("ann@example.org or 2001:db8::1:2", ("e_mail", "address")),
    ],
)
def test_what_may_be_personal_is_marked(text: str, kinds: tuple[str, ...]) -> None:
    assert personal_in([text]) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "", "Where is my order 1005?", "注文1000のサイズを交換したいです。", "version 1.2.3.x",
        "On 2026-01-02 at 10:15:30 we met", "order 10000012345", "4111 1111 1111 1112",
        "@everyone look", "Total: 1,234,567.89", "GB82 is a road", "a@b",
    ],
)  # fmt: skip
def test_what_is_nobodys_is_not(text: str) -> None:
    assert personal_in([text]) == ()


def test_values_that_are_no_texts_hold_nothing() -> None:
    assert personal_in([1, None, ["ann@example.org"], 2.5]) == ()

"""What nobody means and somebody sends: values for parts of addresses, queries, forms and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

PAIRS = (
    ("", " "), ("0", "-1"), ("²", "٣"), ("1.5", "1e3"), ("2147483648", "9223372036854775808"),
    ("9" * 5000, "9" * 4301), ("a\x00b", "\x00"), ("\u202e<script>", "😀"),
    ("x" * 20_000, "y" * 501),
    ("../../etc", "%s"), ("1,2,²", "0,1,,-3"), ("None", "[]"), ("2026-02-31", "NaN"),
)  # fmt: skip
"""Texts, as a form or a query has them, by twos of a kind."""
TEXTS = tuple(text for pair in PAIRS for text in pair)

ESCAPES = ("%ED%A0%80", "%FF", "%C0%80", "%zz")
"""Parts of an address as they are sent, which are no text in UTF-8, or nearly not."""

VALUES: list[Any] = [
    None, True, -1, 0, 2**31, 2**63, 2**70, 1.5, 1e300, "", "a\0b", "²", "x" * 70_000,
    "\u202e<script>", "2026-02-31", [], [[[]]], [None], {}, {"a": {}},
]  # fmt: skip
"""Values of JSON."""

RAW = ["NaN", "Infinity", "-Infinity", "1e999", '"\\ud800"', "9" * 5000, "[" * 2000 + "]" * 2000]
"""Texts where JSON is expected: not JSON, or more than a number or a text can be."""

WRITTEN = [*(json.dumps(value) for value in VALUES), *RAW]


def bodies(body: Any) -> Iterator[str]:
    """JSON with each part of it, at any depth, replaced by each odd value; and odd values alone."""
    yield from WRITTEN
    parts = body.items() if isinstance(body, dict) else enumerate(body)
    for key, value in parts:
        inner = bodies(value) if isinstance(value, dict | list) else WRITTEN
        for text in inner:
            yield _with(body, key, text)


def _with(body: Any, key: Any, text: str) -> str:
    """The body as JSON, with this text, which need not be JSON, as one of its parts."""
    if isinstance(body, list):
        return f"[{', '.join(text if i == key else json.dumps(v) for i, v in enumerate(body))}]"
    parts = (f"{json.dumps(k)}: {text if k == key else json.dumps(v)}" for k, v in body.items())
    return f"{{{', '.join(parts)}}}"

"""Texts that can be kept: neither UTF-8 nor Postgres holds the zero character or half a pair."""

from __future__ import annotations

import re

from optimizer.core.programs.values import UNSTORABLE

_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair stays
    r"|(?P<bad>\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2}))"
    r"|\\.",  # and so does what stands behind an escaped backslash
    re.DOTALL,
)


def is_storable(text: str) -> bool:
    return UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """The text with a replacement character (U+FFFD) for each that cannot be stored."""
    return UNSTORABLE.sub("\ufffd", text)


def storable_json(text: str) -> str:
    """The same, and where the text is JSON, no escape in it gives such a character when read."""
    text = storable(text)
    if "\\u" not in text:
        return text
    return _ESCAPE.sub(lambda match: r"\ufffd" if match["bad"] else match[0], text)

"""Which language a text is written in, as far as its script tells."""

from __future__ import annotations

import re

KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")


def language_of(text: object) -> str:
    """`ja` for text with kana, `ko` for text with Hangul, otherwise nothing.

    Without the attribute, browsers draw Han characters in Chinese shapes.
    """
    words = str(text)
    if KANA.search(words):
        return "ja"
    return "ko" if HANGUL.search(words) else ""

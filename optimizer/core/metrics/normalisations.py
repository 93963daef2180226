"""What two spellings may differ in and still be the same text, unless it is said to count.

Where nothing of it counts, texts are read as `texts.words_of` reads them, which knows more; the
steps here are plain ones, so that what counts does so to the character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum

from optimizer.core.metrics.texts import words_of


class Normalisation(StrEnum):
    """One difference between spellings."""

    CASE = "case"
    SPACE = "space"
    PUNCTUATION = "punctuation"
    ARTICLES = "articles"
    WIDTH = "width"
    NUMBERS = "numbers"


_ARTICLES = re.compile(r"\b(?:a|an|the)\b", re.IGNORECASE)
_FIGURE = re.compile(r"(?<![\w.,])[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w,]|\.\d)")


def alike(one: str, other: str, strict: Collection[Normalisation]) -> bool:
    """Whether two texts are the same but for what does not count."""
    if not strict:
        return words_of(one) == words_of(other)
    ignored = set(Normalisation).difference(strict)
    return normalised(one, ignored) == normalised(other, ignored)


def normalised(text: str, ignoring: Collection[Normalisation]) -> str:
    """The text without what is ignored: width (NFKC) first, space last."""
    if Normalisation.WIDTH in ignoring:
        text = unicodedata.normalize("NFKC", text)
    text = unicodedata.normalize("NFC", text)
    if Normalisation.CASE in ignoring:
        text = text.casefold()
    if Normalisation.NUMBERS in ignoring:
        text = _FIGURE.sub(_one_spelling, text)
    if Normalisation.PUNCTUATION in ignoring:
        text = _without_marks(text)
    if Normalisation.ARTICLES in ignoring:
        text = _ARTICLES.sub(" " if Normalisation.SPACE in ignoring else "", text)
    if Normalisation.SPACE in ignoring:
        text = " ".join(text.split())
    return text


def _one_spelling(found: re.Match[str]) -> str:
    """1,000.50 as 1000.5, +3 as 3; zeros in front stay, for 007 is a name."""
    figure = found[0].replace(",", "")
    if re.match(r"[+-]?0\d", figure):
        return figure
    whole, _point, decimals = figure.removeprefix("+").partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def _without_marks(text: str) -> str:
    """Without punctuation, but for the signs and points of figures."""
    kept = []
    for at, sign in enumerate(text):
        if not unicodedata.category(sign).startswith("P"):
            kept.append(sign)
            continue
        after = text[at + 1 : at + 2]
        before = text[at - 1 : at] if at else ""
        between = before.isdigit() and after.isdigit() and sign in ".,:/-"
        minus = sign == "-" and after.isdigit() and not before.isalnum()
        kept.append(sign if between or minus else "")
    return "".join(kept)

"""The value that a model states in a sentence.

It stands alone, on the standard library and `values`: everything below the line of dashes is copied
into the files that a version is downloaded as.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from optimizer.core.programs.dates import NAMED_DATES, day_of
from optimizer.core.programs.values import (
    MONEY,
    NO_UNIT,
    SCALES,
    TRUTH,
    Kind,
    ListOf,
    Nullable,
    ObjectOf,
    UnreadableValue,
    is_null,
    read_value,
    unmarked,
)

# ----------------------------------------------------------------------------------------------


def meant_value(kind: Kind, value: Any) -> Any:
    """The same for what a model says, which may say its choice or number in a sentence.

    Raises:
        UnreadableValue: it cannot be read so, or two values could be meant.
    """
    if isinstance(kind, Nullable):
        return None if is_null(kind, value) else meant_value(kind.kind, value)
    try:
        return read_value(kind, value)
    except UnreadableValue:
        found = _stated(kind, value) if isinstance(value, str) else None
        if found is None:
            raise
        return found


LONGEST_STATEMENT = 300
"""Characters of a sentence that says what the answer is."""
_AT, _END = "\ue000", "\ue001"
"""Around the number of a mention, where its words were."""
_MENTION = rf"{_AT}(\d+){_END}"
_BEFORE, _AFTER = rf"[^\w{_AT}?!¬≠~✗✘❌]*", rf"[^\w{_AT}?]*"
_ALONE = re.compile(
    rf"{_BEFORE}(?:(?:\d{{1,2}}|[a-z])[.)]\s+)?{_BEFORE}"
    rf"(?:(?:option|choice|answer|class|category|label)\s+)?{_BEFORE}{_MENTION}{_AFTER}"
)
_IS = re.compile(
    r"(?:\b(?:is|are|as|was|be|equals|belongs to|corresponds to|amounts to|say|choose|pick|select|"
    r"go(?:es)? with|falls? (?:under|into)|(?:label|labell|classifi|categori[sz])ed)\b"
    r"|[:：=→]|[-=]>|\\\w+\{)\s*"
    r"(?:(?:an?|the|most|likely|clearly|definitely|therefore|thus|class|category|label)\s+)*"
    rf"{_BEFORE}{_MENTION}(?P<unit>\s+[^\W\d]{{1,15}})?"
    rf"{_AFTER}(?:\b(?:because|since)\b.*)?$"
)
_FINAL = re.compile(
    r"(?:\W*(?:but|however|so|therefore|thus|hence|then)\b)?\W*(?:####\s*|\$*\\boxed\{|"
    r"(?:(?:the|my)\s+)?(?:final\s+(?:answer|label|choice|category|class|result)|answer)\b"
    r"[*_]*\s*(?:is|:|=)(?!\s*not\b))"
    rf"{_BEFORE}{_MENTION}(?:\s+[^\W\d]{{1,15}})?{_AFTER}"
)
_WHICH_IS = re.compile(
    rf"{_BEFORE}{_MENTION}\W*\s+is (?:the|my) (?:\w+ ){{0,2}}"
    rf"(?:answer|label|choice|category|class|result)\b{_AFTER}$"
)
_FIRST = re.compile(
    rf"{_BEFORE}{_MENTION}[\"'”’*_`]*\s*(?:[-–—:;,.(\n]|because\b|since\b)\W*(?P<rest>.*)",
    re.DOTALL,
)
_MARKED = re.compile(rf"[\"'“‘«`*\[(]{_MENTION}[\"'”’»`*\])]")
_DOUBT = re.compile(
    r"\b(?:or|maybe|perhaps|possibly|could|might|may|alternatively|either|however|unless)\b"
)
_TAKEN_BACK = re.compile(r"[.!?\n]\s*(?:no|wait|actually|correction|hm+|oops|sorry)\b")
_NOT = re.compile(
    rf"{_DOUBT.pattern}|n['’]t\b"
    r"|\b(?:not|no|never|neither|nor|cannot|without|unlikely|except|instead|"
    r"rather|other|but|if|than|wrong|false|nicht|kein\w*|pas|nunca)\b"
)


def _stated(kind: Kind, text: str) -> Any:
    """The one value that a text can mean; None where it is none, or may be another."""
    if kind in ("text", "list") or isinstance(kind, ListOf | ObjectOf) or len(text) > 20_000:
        return None
    values: list[Any] = []
    pattern, value_of = _mentions(kind)

    def masked(mention: re.Match[str]) -> str:
        value = value_of(mention[0])
        if value not in values:
            values.append(value)
        return f"{_AT}{values.index(value)}{_END}"

    said = pattern.sub(masked, unicodedata.normalize("NFC", text).strip()).casefold()
    place = _certain(said, len(values), numbers=kind in ("integer", "number"))
    return None if place is None else values[place]


def _mentions(kind: Kind) -> tuple[re.Pattern[str], Callable[[str], Any]]:
    """How a value of this kind is mentioned, and which value that is; None: one of no use."""
    if kind in ("integer", "number"):
        figure = r"(?:\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)"
        scale = "|".join(word for word in SCALES if len(word) > 1)
        return re.compile(
            rf"(?<![\w.,/])(?<!\d:)(?<![<>≤≥≈~±])(?<![<>≤≥≈~±]\s)[-+−]?(?:{MONEY}\s?)?{figure}"
            rf"(?:\s?(?:%|(?:{scale})\b))?(?![\w/+]|:\d|-\W*$)"
        ), lambda said: _number_or_none(kind, said)
    if kind == "date":
        named = "|".join(re.sub(r"\?P<\w+>", "?:", form) for form in NAMED_DATES)
        return re.compile(rf"(?<!\w)(?:\d{{4}}-\d\d-\d\d|{named})(?!\w)", re.I), day_of
    words = kind if isinstance(kind, tuple) else ("true", "false", "yes", "no")
    any_word = "|".join(map(spelled, sorted(words, key=len, reverse=True)))
    pattern = re.compile(rf"(?<![\w+#-])(?:{any_word})(?![\w+#-]|[.,]\d)", re.IGNORECASE)
    if kind == "boolean":
        return pattern, lambda said: TRUTH[said.casefold()]
    return pattern, lambda said: next(
        (word for word in words if word == said),
        next(w for w in words if unmarked(w) == unmarked(said)),
    )


def spelled(word: str) -> str:
    """A pattern of a word whatever the marks between its parts; of one letter in its own case."""
    parts = r"[\s_-]+".join(map(re.escape, re.split(r"[\s_-]+", word)))
    return f"(?-i:{parts})" if len(word) == 1 else parts


def _number_or_none(kind: Kind, said: str) -> int | float | None:
    try:
        found: int | float = read_value(kind, said)
    except UnreadableValue:
        return None
    return found


def _certain(text: str, mentions: int, *, numbers: bool) -> int | None:
    """Which of the values mentioned is the answer: the only one that is stated, alone on its line
    or as what something is; or the only one mentioned, first or marked.
    """
    parts = re.split(r"(?<=[.!?。！？])\s+|\n+", text)
    last_words = [_FINAL.fullmatch(part) for part in parts if _AT in part]
    finals = {word[1] for word in last_words if word}
    if len(finals) == 1 and last_words[-1]:
        return int(finals.pop())
    found = [_place(part, numbers=numbers) for part in parts]
    stated = {place for place in found if place is not None}
    if len(stated) == 1:
        (place,) = stated
        last = next(
            (f for f, part in zip(found[::-1], parts[::-1], strict=True) if part.strip()), None
        )
        certain = (
            mentions == 1
            or last is not None
            or (found[0] is not None and not _DOUBT.search(text) and not _TAKEN_BACK.search(text))
        )
        return place if certain else None
    if stated or mentions != 1:
        return None
    first = _FIRST.match(text)
    if first:
        return None if re.match(r"\d|(?:no|not|false|true|yes)\b", first["rest"]) else 0
    return 0 if _MARKED.search(text) and not _NOT.search(text) else None


def _place(part: str, *, numbers: bool) -> int | None:
    """Which mention a sentence or a line states."""
    if len(part) > LONGEST_STATEMENT or _AT not in part:
        return None
    alone = _ALONE.fullmatch(part.strip())
    if alone:
        return int(alone[1])
    if _NOT.search(part):
        return None
    which = _WHICH_IS.match(part.strip())
    if which:
        return int(which[1])
    stated = _IS.search(part.strip())
    if stated is None or (stated["unit"] and (not numbers or stated["unit"].strip() in NO_UNIT)):
        return None
    return int(stated[1])

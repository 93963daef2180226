"""Typed values as people and models write them.

It stands alone, on the standard library and `dates`: everything below the line of dashes is copied
into the files that a version is downloaded as.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from optimizer.core.programs.dates import day_of

# ----------------------------------------------------------------------------------------------


class Nullable:
    """What has a value of a kind, or none."""

    def __init__(self, kind: Any) -> None:  # a Kind
        self.kind = kind


class ListOf:
    """A list of values of a kind; those of texts are of the kind "list"."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind


class ObjectOf:
    """An object with a value of a kind for each name."""

    def __init__(self, kinds: dict[str, Any]) -> None:
        self.kinds = kinds


Kind = str | tuple[str, ...] | Nullable | ListOf | ObjectOf
"""A field's type by its name ("text", "integer", "date", …), or the tuple of its choices."""
BEYOND_DOUBT = 1e16
"""From here on a float is written with an exponent, and comes back from Postgres as an integer."""
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What neither UTF-8 nor Postgres holds: the zero character, and half a pair."""


class UnreadableValue(ValueError):
    """A value does not fit its field's type; the message says what would, and behind which path:
    `order.items[2].price`.
    """

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.why, self.path = why, path

    def below(self, step: str) -> Any:
        """The same error of a value that this one stands in."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return UnreadableValue(self.why, f"{step}{joint}{self.path}")


def read_value(kind: Kind, value: Any) -> Any:
    """A value of a file, a form or a JSON object as this type.

    Raises:
        UnreadableValue: it cannot be read so.
    """
    if isinstance(kind, Nullable):
        return None if is_null(kind, value) else read_value(kind.kind, value)
    if isinstance(kind, ListOf):
        return list_of(items_in(kind, value), lambda item: read_value(kind.kind, item))
    if isinstance(kind, ObjectOf):
        found = object_in(value)
        return object_of(kind, found, lambda name, part: read_value(kind.kinds[name], part))
    if kind == "date":
        return _date(value)
    if kind == "text":
        return as_text(value)
    if kind == "list":
        return _list(value)
    if kind == "boolean":
        return _boolean(value)
    if kind in ("integer", "number"):
        return _number(value, whole=kind == "integer")
    return _choice(tuple(kind), as_text(value))


_NOTHING = re.compile(r"null|none|nothing|nil|n/a", re.IGNORECASE)
"""How people and models write that there is no value."""


def is_null(kind: Kind, value: Any) -> bool:
    """Whether it says that there is none, where that may be said; a choice of that name is one."""
    if not isinstance(kind, Nullable):
        return False
    told = isinstance(value, str) and bool(value.strip())
    choices = kind.kind if isinstance(kind.kind, tuple) and told else ()
    is_choice = any(unmarked(choice) == unmarked(value) for choice in choices)
    return says_nothing(value) and not is_choice


def says_nothing(value: Any) -> bool:
    if not isinstance(value, str):
        return value is None
    bare = value.lstrip(_EDGES).rstrip(_ENDS)
    return not value.strip() or _NOTHING.fullmatch(bare) is not None


def plain_kind(kind: Kind) -> Kind:
    """The kind of a value that is there."""
    return kind.kind if isinstance(kind, Nullable) else kind


def as_text(value: Any) -> str:
    if value is None:
        raise UnreadableValue("no value")
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except RecursionError:
        raise UnreadableValue("the value is nested too deeply") from None
    return UNSTORABLE.sub("\ufffd", text)


def _told(value: Any) -> str:
    text = as_text(value) if isinstance(value, str) else type(value).__name__
    return f"“{text[:80]}{'…' if len(text) > 80 else ''}”"


# Choices and truth

TRUTH = {
    "true": True, "yes": True, "1": True, "y": True, "t": True,
    "false": False, "no": False, "0": False, "n": False, "f": False,
}  # fmt: skip
_EDGES = " \t\n\"'`*_()[]{}“”‘’«»„"
_ENDS = f"{_EDGES}.,;:!"


def _choice(choices: tuple[str, ...], text: str) -> str:
    """The choice that a text is, whatever its case, its decoration and the marks between words."""
    if text.strip() in choices:
        return text.strip()
    for bare in (text, text.lstrip(_EDGES).rstrip(_ENDS)):
        alike = [choice for choice in choices if unmarked(choice) == unmarked(bare)]
        if len(alike) == 1:
            return alike[0]
    shown = ", ".join(choices[:12])
    raise UnreadableValue(f"“{as_text(text)[:80]}” is none of the choices ({shown})")


def unmarked(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    found = TRUTH.get(str(value).lstrip(_EDGES).rstrip(_ENDS).casefold())
    if found is None:
        raise UnreadableValue(f"{_told(value)} is neither true nor false")
    return found


def _date(value: Any) -> str:
    found = day_of(value) if isinstance(value, str) else None
    if found is None:
        raise UnreadableValue(f"{_told(value)} is no date that can only mean one day: YYYY-MM-DD")
    return found


# Numbers

MONEY = (
    r"(?:(?:US|CA|AU|NZ|HK|[CAR])?\$|[€£¥₹₽₩₺]|"
    r"(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|INR|CNY|SEK|NOK|DKK|PLN|BRL|MXN|KRW|ZAR)\b)"
)
SCALES = {
    "k": 3, "thousand": 3, "mn": 6, "mio": 6, "million": 6, "millions": 6, "bn": 9, "billion": 9,
    "billions": 9, "trillion": 12, "lakh": 5, "lakhs": 5, "crore": 7, "crores": 7,
}  # fmt: skip
_OF_MONEY = {"K": 3, "m": 6, "M": 6, "b": 9, "B": 9, "T": 12}
"""Letters that are units elsewhere: 5 m may be five metres, $5m are five million."""
_FIGURE = r"(?:\d(?:[\d.,' ]*\d)?|[.,]\d+)"
_AMOUNT = re.compile(
    rf"(?P<sign>[-+])?\s*(?P<money>{MONEY})?\s*(?P<sign2>[-+])?\s*(?P<figure>{_FIGURE})[.,]?"
    rf"(?:\s?(?:[eE]|[x×·*]\s?10\s?(?:\^|\*\*)\s?\{{?)(?P<power>[-+]?\d{{1,3}})\}}?)?"
    rf"(?P<unit>\s*(?:{MONEY}|[%‰]|°\s?[CFK]?|[^\W\d_][^\s\d]{{0,14}}))?"
)
LONGEST_NUMBER = 200
"""Characters of a number with all that is written around it."""
NO_UNIT = {
    "or", "to", "and", "of", "more", "less", "st", "nd", "rd", "th", "x", "hundred", "dozen",
}  # fmt: skip
_FRACTION = re.compile(r"([-+]?)(?:(\d{1,9})\s+)?(\d{1,9})\s*[/⁄]\s*(\d{1,9})")
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u200a\u202f"), " ")
_MARKS = str.maketrans(
    {**dict.fromkeys("−–－", "-"), "’": "'", "٫": ".", "٬": ",", "％": "%", "／": "/"}
)


def _number(value: Any, *, whole: bool) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnreadableValue(f"{_told(value)} is not a number")
    digits = _digits(value) if isinstance(value, str) else str(value) if value == value else "nan"
    number = float(digits)
    if number != number or number in (float("inf"), float("-inf")):
        raise UnreadableValue(f"{_told(value)} is not a finite number")
    if not whole:
        return int(number) if abs(number) >= BEYOND_DOUBT else number + 0.0  # no minus zero
    if number != int(number):
        shown = _told(value) if isinstance(value, str) else value
        raise UnreadableValue(f"{shown} is not a whole number")
    # int() refuses texts of thousands of digits, which may be zeros before a small number.
    return int(Decimal(digits)) if re.fullmatch(r"[-+]?\d+", digits) else int(number)


def _digits(text: str) -> str:
    """A number's text as Python reads it.

    Raises:
        UnreadableValue: the text is no number, or may be two.
    """
    said = text.translate(_SPACES).translate(_MARKS).strip()
    said = _VULGAR.sub(lambda mark: " " + unicodedata.normalize("NFKC", mark[0]), said).strip()
    said = re.sub(r"^([-+])\s+(?=\d+⁄)", r"\1", said)
    if "," not in said:
        try:
            float(said)
        except ValueError:
            return _amount(said, text)
        return said
    return _amount(said, text)


def _amount(said: str, text: str) -> str:
    """A number with its separators, decoration, currency, scale and unit."""
    if len(said) > LONGEST_NUMBER:
        raise UnreadableValue(f"{_told(text)} is not a number")
    bare = said.strip(" $") if said.count("$") > 1 else said
    bare = re.sub(r"\\boxed\{(.*)\}", r"\1", bare)
    bare = bare.lstrip("#=:*_`\"'“([ ").rstrip("*_`\"'”)] ").rstrip(".;:!*_` ")
    fraction = _FRACTION.fullmatch(bare)
    if fraction and int(fraction[4]):
        amount = int(fraction[2] or 0) + int(fraction[3]) / int(fraction[4])
        return f"{fraction[1]}{amount!r}"
    made = _AMOUNT.fullmatch(bare)
    figure = _figure(made["figure"]) if made else None
    if made is None or figure is None or (said[0] in "([" and "," in bare):
        raise UnreadableValue(f"{_told(text)} is not a number")
    unit = (made["unit"] or "").strip()
    scale = SCALES.get(unit if len(unit) == 1 else unit.casefold(), 0)
    if made["money"]:
        scale = scale or _OF_MONEY.get(unit, 0)
    elif unit in _OF_MONEY or unit.casefold() in NO_UNIT:
        raise UnreadableValue(f"{_told(text)} is not a number")
    sign = "-" if "-" in (made["sign"], made["sign2"]) else ""
    exponent = int(made["power"] or 0) + scale
    return f"{sign}{figure}e{exponent}" if exponent else f"{sign}{figure}"


def _figure(text: str) -> str | None:
    """Digits with a decimal point, of "1,200", "1.200,5", "1 200", "1'200" and "42,5"; None of what
    may be more than one number.
    """
    last = max(text.rfind("."), text.rfind(","))
    marks = text.count(".") + text.count(",")
    whole = re.fullmatch(r"[1-9]\d{0,2},\d{3}", text) if marks == 1 else text.count(text[last]) > 1
    groups, decimals = (text, "") if whole or not marks else (text[:last], text[last + 1 :])
    apart = set(re.sub(r"\d", "", groups))
    fitting = re.fullmatch(r"\d*|\d{1,3}(?:[.,' ]\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}", groups)
    if len(apart) > 1 or not fitting or (decimals and not decimals.isdecimal()):
        return None
    digits = re.sub(r"\D", "", groups)
    return f"{digits}.{decimals}" if decimals else digits or None


# Objects, and lists of anything


def list_of(items: list[Any], read: Callable[[Any], Any]) -> list[Any]:
    """Each item as `read` reads it; what cannot be read is told with its place."""
    found = []
    for number, item in enumerate(items):
        try:
            found.append(read(item))
        except UnreadableValue as error:
            raise error.below(f"[{number}]") from None
    return found


def object_of(
    kind: ObjectOf, given: Mapping[str, Any], read: Callable[[str, Any], Any]
) -> dict[str, Any]:
    """The parts that an object is to have; others are left away. One that is not there is null
    where it may be.
    """
    found = {}
    for name, part in kind.kinds.items():
        try:
            if name not in given and not isinstance(part, Nullable):
                raise UnreadableValue("no value")
            found[name] = read(name, given.get(name))
        except UnreadableValue as error:
            raise error.below(name) from None
    return found


def items_in(kind: ListOf, value: Any) -> list[Any]:
    """The items of a list, or of a text that is one; an object alone is a list of one."""
    if isinstance(value, list | tuple):
        return list(value)
    inner = plain_kind(kind.kind)
    if not isinstance(inner, ListOf | ObjectOf):
        return _list(value)
    if isinstance(value, str):
        value = _json(value)
    if isinstance(value, dict) and isinstance(inner, ObjectOf):
        return [value]
    if not isinstance(value, list):
        raise UnreadableValue(f"{_told(value)} is not a list")
    return value


def object_in(value: Any) -> dict[str, Any]:
    """An object, or a text that is one in JSON."""
    found = _json(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise UnreadableValue(f"{_told(value)} is not an object")
    return found


def _json(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        raise UnreadableValue(f"{_told(text)} is no JSON") from None


# Lists

_COMMA = "\ue002"
_ITEM = re.compile(r"^\s*(?:[-*•‣–]|\(?\d{1,3}[.)])\s+")
_NUMBERED = re.compile(r"\(?1[.)]\s.*[,;]\s*\(?2[.)]\s")
_PART = re.compile(
    r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^,;|、，；]+)\s*(?:[,;|、，；]|$)"""
)
_THOUSANDS = re.compile(r"(?<![\d,])([1-9]\d{0,2}(?:,\d{3})+)(?![\d,]*\d)")


def _list(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [as_text(item) if item is not None else "null" for item in value]
    if not isinstance(value, str):
        raise UnreadableValue(f"{_told(value)} is not a list")
    text = as_text(value).strip()
    if text.startswith("["):
        return _bracketed(text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and all(map(_ITEM.match, lines)) and (len(lines) > 1 or not _NUMBERED.match(text)):
        return [_unquoted(_ITEM.sub("", line).rstrip(",;")) for line in lines]
    return [part for line in lines for part in _parts(line)]


def _parts(line: str) -> list[str]:
    """A line's items; the last may be joined by a word behind a comma."""
    line = line[1:-1] if re.fullmatch(r"\([^()]*\)", line) else line
    if re.search(r",\s|;", line):  # the commas of 1,200 part nothing where others do
        line = _THOUSANDS.sub(lambda number: number[1].replace(",", _COMMA), line)
    found = _PART.findall(line) if len(line) < 5000 else re.split(r"[,;|、，；]", line)
    parts = [_unquoted(part).replace(_COMMA, ",") for part in found]
    if len(parts) > 1:
        parts[-1] = re.sub(r"^(?:and|or|und|oder|et|y)\s+", "", parts[-1])
        numbered = all(map(_ITEM.match, parts))
        parts = [_ITEM.sub("", part) for part in parts] if numbered else parts
    return [part for part in parts if part]


def _bracketed(text: str) -> list[str]:
    """A list in brackets: as JSON, or as Python and people write it."""
    try:
        return _list(json.loads(text))
    except (ValueError, RecursionError):
        if not text.endswith("]") or re.search(r"[][{}]", text[1:-1]):
            raise UnreadableValue("begins like a JSON list but is not one") from None
        return [part for line in text[1:-1].splitlines() for part in _parts(line.strip())]


def _unquoted(part: str) -> str:
    part = part.strip()
    quoted = len(part) > 1 and (part[0], part[-1]) in (('"', '"'), ("'", "'"), ("“", "”"))
    return part[1:-1].strip() if quoted else part

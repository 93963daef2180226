"""Texts as metrics compare them: what people would call the same answer, and nothing else.

Case, the width and spelling of characters, quotation marks, brackets around a word, a full stop
and articles say nothing about an answer. Signs that carry meaning stay: of numbers (3.14, −5,
50 %, 10²), of names (C++, C#, user@example.org), of comparisons (x > y, x ≠ y), between figures
(1:30, 1/2), and symbols (👍, ♥). Where no spaces stand between words, each character counts.
"""

from __future__ import annotations

import itertools
import re
import unicodedata

from optimizer.core.programs.signature import Value, written

_THIN = "\ue000"
"""A space that is no ordinary one: between the thousands of a number."""
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("−﹣－‐‑‒", "-"),
        **dict.fromkeys("’‘ʼ＇`´", "'"),
        **dict.fromkeys("×", "*"),
        **dict.fromkeys("÷", "/"),
        **dict.fromkeys("\u00a0\u2007\u2009\u200a\u202f", _THIN),
        **dict.fromkeys("⁄∕", "/"),
        **dict.fromkeys("\u00ad\u200b\u200e\u200f\u2060\ufeff©®™", ""),
        **dict.fromkeys(map(chr, (*range(0x591, 0x5BE), *range(0x64B, 0x660), 0x670)), ""),
    }
)
_WRITTEN_SO = (
    (re.compile("(\\d?)([¼-¾⅐-⅞])"), lambda m: m[1] + (" " if m[1] else "") + _compatible(m[2])),
    (re.compile("[⁺⁻]?[⁰¹²³⁴-⁹]+"), lambda m: "^" + _compatible(m[0])),
    (re.compile(r"!=|<>|/="), lambda m: "≠"),
    (re.compile(r"<=|≦|⩽"), lambda m: "≤"),
    (re.compile(r">=|≧|⩾"), lambda m: "≥"),
    (re.compile(r"(?<![\w*])(\*{2,3})([^\s*](?:[^*]*[^\s*])?)\1(?![\w*])"), lambda m: m[2]),
    (re.compile(r"[^\W\x00-\x7f]"), lambda m: str(unicodedata.decimal(m[0], m[0]))),
)
"""Other ways to write the same: fractions, powers, comparisons, bold words, all digits."""
_UNPARTED = (
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Of scripts that put no spaces between words."""
_VOWELS = "".join(
    chr(code)
    for code in (*range(0x300, 0x590), *range(0x700, 0x1E00), *range(0xA66F, 0xABF0))
    if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
"""Marks that belong to the letter before them; those of Hebrew and Arabic are often left out."""
_LETTER = rf"(?:(?!{_UNPARTED})[^\W_][{_VOWELS}]*)"
_NUMBER = r"""
    (?: (?<![\w)\]}.]) [-+] (?=\.?\d) )?       # a sign, not a minus between two things
    (?: [1-9]\d{0,2} (?: (?:,\d{3})+ | (?:[ ]\d{3})+ | (?:'\d{3})+ ) (?:\.\d+)?
      | \d+ (?:\.\d+)?
      | \.\d+
    )
    (?: [eE][-+]?\d+ )?
    (?! [\w] | [.,:/'-]\w | [ ]\d{3} )
"""
_TOKEN = re.compile(
    rf"""
    (?P<number> (?<![\w.,:/'@]) {_NUMBER.replace("[ ]", _THIN)} )
  | (?P<short> (?<!\w) [^\W\d_] (?:\.[^\W\d_])+ (?!\w) )   # U.S., a.m.
  | (?P<unparted> (?=[^\W_]){_UNPARTED} [{_VOWELS}]* )
  | (?P<word> {_LETTER}+ (?: (?:'|-(?=[^\W\d_])) {_LETTER}+ )* (?: (?:\+\+?|\#) (?![\w+#]) )? )
  | (?P<joint> (?<=\w) [.,:/\\'_-]+ (?=\w) )   # between figures or letters, without a space
  | (?P<sign> (?<![\w!])!(?=\w) | [-*/^%‰#@&\\§] | (?P<symbol> [^\w\s] ) )
    """,
    re.VERBOSE,
)
_ARTICLES = frozenset(("a", "an", "the"))


def words_of(text: str) -> tuple[str, ...]:
    """The parts of a text that count, each in its one spelling."""
    same = unicodedata.normalize("NFC", text.translate(_ALIKE))
    for pattern, written_so in _WRITTEN_SO:
        same = pattern.sub(written_so, same)
    same = _compatible(same).translate(_ALIKE)
    tokens = _amounts([_spelled(match) for match in _TOKEN.finditer(same) if _counts(match)])
    bare = [token for at, token in enumerate(tokens) if not _is_article(tokens, at)]
    if bare:
        return tuple(token.casefold() for token in bare)
    # An answer may be nothing but marks (“…”, “?!”): then it stands as it is.
    return tuple(same.casefold().split())


def plain(value: Value) -> str:
    """A value's words in a row."""
    return " ".join(words_of(written(value)))


def holds(text: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether the words stand in the text, whole and in their order: not the 5 of 5/6 and of 1:5,
    nor the user of user@example.org.
    """
    size = len(wanted)
    return size > 0 and any(
        text[at : at + size] == wanted and not _goes_on(text, at, at + size)
        for at in range(len(text) - size + 1)
    )


def _goes_on(text: tuple[str, ...], start: int, end: int) -> bool:
    """Whether a name or a figure is longer than the words from `start` to `end`."""
    for place, inner, outer in ((start - 1, start, start - 2), (end, end - 1, end + 1)):
        if not (0 <= place < len(text) and 0 <= outer < len(text)):
            continue
        figures = text[inner][-1].isdecimal() and text[outer][-1].isdecimal()
        if text[place] in ("_", "@") or (figures and text[place] in (":", "/")):
            return True
    return False


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("⁄", "/")


def _counts(match: re.Match[str]) -> bool:
    """Marks between words do not, symbols do: of currencies, of mathematics, and pictures."""
    return not match["symbol"] or unicodedata.category(match["symbol"]) in ("Sc", "Sm", "So")


def _amounts(tokens: list[str]) -> list[str]:
    """€5 as 5 €."""
    for at, (sign, figure) in enumerate(itertools.pairwise(tokens)):
        if unicodedata.category(sign[0]) == "Sc" and figure[0].isdecimal():
            tokens[at], tokens[at + 1] = figure, sign
    return tokens


def _spelled(match: re.Match[str]) -> str:
    if match["number"]:
        return _one_spelling(match["number"])
    if match["short"]:
        return match["short"].replace(".", "")
    if match["word"]:
        return match["word"].replace("'", "").replace("-", "")
    return match["unparted"] or match["joint"] or match["sign"]


def _one_spelling(number: str) -> str:
    """3,000 and 3000, 1.0 and 1, .5 and 0.5; a number with zeros in front is a name (007)."""
    digits = re.sub(f"[,'{_THIN}]", "", number)
    sign, figure = ("-", digits[1:]) if digits[0] == "-" else ("", digits.lstrip("+"))
    if re.match(r"0\d", figure) or "e" in figure.casefold():
        return sign + figure
    whole, _point, decimals = figure.partition(".")
    decimals = decimals.rstrip("0")
    spelled = (whole or "0") + (f".{decimals}" if decimals else "")
    return spelled if spelled == "0" else sign + spelled


def _is_article(tokens: list[str], at: int) -> bool:
    """Before another word; the A of “vitamin A” and of “Plan A is better” is a name."""
    token = tokens[at]
    if token.casefold() not in _ARTICLES or at + 1 == len(tokens):
        return False
    return tokens[at + 1][0].isalnum() and not (token == "A" and at > 0)

"""Texts as metrics compare them: what people would call the same answer, and nothing else.

Case, the width and spelling of characters, quotation marks, brackets around a word, a full stop
and articles say nothing about an answer. Signs that carry meaning stay: of numbers (3.14, −5,
50 %), of names (C++, C#, user@example.org), of comparisons (x > y), between figures (1:30, 1/2).
"""

from __future__ import annotations

import re
import unicodedata

from optimizer.core.programs.signature import Value, written

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("−﹣－‐‑‒", "-"),
        **dict.fromkeys("’‘ʼ＇`´", "'"),
        **dict.fromkeys("×", "*"),
        **dict.fromkeys("÷", "/"),
        **dict.fromkeys("\u00a0\u2007\u2009\u200a\u202f", "\u2009"),
    }
)
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
    (?P<number> (?<![\w.,:/'@]) {_NUMBER.replace("[ ]", chr(0x2009))} )
  | (?P<short> (?<!\w) [^\W\d_] (?:\.[^\W\d_])+ (?!\w) )   # U.S., a.m.
  | (?P<word> [^\W_]+ (?: (?:'|-(?=[^\W\d_])) [^\W_]+ )* )
  | (?P<joint> (?<=\w) [.,:/\\'_-]+ (?=\w) )   # between figures or letters, without a space
  | (?P<sign> [-+<>=≤≥≠≈~±*/^%‰€$£¥°#@&|\\§¬∧∨∈∉⊂→←↔√∞] )
    """,
    re.VERBOSE,
)
_ARTICLES = frozenset(("a", "an", "the"))


def words_of(text: str) -> tuple[str, ...]:
    """The parts of a text that count, each in its one spelling."""
    same = unicodedata.normalize("NFKC", unicodedata.normalize("NFC", text.translate(_ALIKE)))
    same = same.translate(_ALIKE)
    tokens = [_spelled(match) for match in _TOKEN.finditer(same)]
    bare = [token for at, token in enumerate(tokens) if not _is_article(tokens, at)]
    if bare:
        return tuple(token.casefold() for token in bare)
    # An answer may be nothing but marks (“…”, “?!”): then it stands as it is.
    return tuple(same.casefold().split())


def plain(value: Value) -> str:
    """A value's words in a row."""
    return " ".join(words_of(written(value)))


def holds(text: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether the words stand in the text, whole and in their order."""
    size = len(wanted)
    return size > 0 and any(text[at : at + size] == wanted for at in range(len(text) - size + 1))


def _spelled(match: re.Match[str]) -> str:
    if match["number"]:
        return _one_spelling(match["number"])
    if match["short"]:
        return match["short"].replace(".", "")
    if match["word"]:
        return match["word"].replace("'", "").replace("-", "")
    return match["joint"] or match["sign"]


def _one_spelling(number: str) -> str:
    """3,000 and 3000, 1.0 and 1, .5 and 0.5; a number with zeros in front is a name (007)."""
    digits = re.sub("[,'\u2009]", "", number)
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

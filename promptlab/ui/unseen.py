"""Characters that a reader does not see: found, named, and told from those that a script needs.

An invisible character can hide words in a prompt, and a bidirectional one can show them in another
order than a model reads them. Some of them are ordinary writing: a joiner within an emoji or a
Persian word, a variation selector after an emoji, a wide space between Japanese characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

LONGEST_RUN = 8  # characters that stand together and are marked one by one
LONGEST_WORD = 40  # characters of a word of mixed letters that a tally repeats
LONGEST_TAGS = 120  # characters that tags spell and a mark repeats


class Kind(StrEnum):
    """Why a piece of a text is marked."""

    INVISIBLE = "invisible"
    SPACE = "space"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of a text that is not what it seems. `label` is drawn, `name` is told."""

    kind: Kind
    text: str
    label: str
    name: str

    @property
    def spelled(self) -> str:
        """Where nothing but text can be drawn."""
        return f"⟨{self.label}⟩" if self.kind is Kind.INVISIBLE else self.text


@dataclass(frozen=True, slots=True)
class Tally:
    """What some texts hold: how often each invisible character, and words of mixed letters."""

    invisible: tuple[tuple[str, int], ...]
    mixed: tuple[str, ...]

    @property
    def count(self) -> int:
        return sum(times for _, times in self.invisible)


# Scripts that need joiners, selectors or spaces of their own, as ranges of a character class.
_ARABIC = "\u0600-\u06ff\u0700-\u074f\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc"
_INDIC = "\u0900-\u0dff"
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
_SOUTHEAST_ASIAN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_MONGOLIAN = "\u1820-\u18aa"
_BRAILLE = "\u2801-\u28ff"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WIDE = f"\u2e80-\u2fff\u3000-\u33ff{_HAN}\uac00-\ud7af\uff01-\uff9f\uffe0-\uffe6"
_PICTURES = (
    "©®‼⁉™ℹ\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_REGIONS = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in region)
    for region in ("gbeng", "gbsct", "gbwls")  # the flags that Unicode recommends
)

_TAGS = "[\U000e0000-\U000e007f]+"
_UNSEEN = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SPACES = "[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]"
_CANDIDATE = re.compile(
    f"(?P<flag>\U0001f3f4(?:{_REGIONS})\U000e007f)|(?P<tags>{_TAGS})"
    f"|(?P<unseen>{_UNSEEN}|\r(?!\n))|(?P<space>{_SPACES})"
)
_ANY = re.compile(f"{_UNSEEN}|{_SPACES}|\r(?!\n)|[\u0400-\u04ff]")
_MIXED = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[\u0400-\u04ff])\w+")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def _between(before: str, after: str = "") -> re.Pattern[str]:
    """Matches at a character that stands between such ones; without a class, anywhere."""
    ahead = f"(?=.[{after}])" if after else ""
    return re.compile((f"(?<=[{before}])" if before else "") + ahead, re.DOTALL)


# Where a character is ordinary writing.
_EXPECTED: dict[str, tuple[re.Pattern[str], ...]] = {
    "\u200b": (_between(_SOUTHEAST_ASIAN, _SOUTHEAST_ASIAN),),
    "\u200c": (_between(_ARABIC, _ARABIC), _between(_INDIC, _INDIC)),
    "\u200d": (
        _between(f"{_PICTURES}\ufe0f", _PICTURES),
        _between(_ARABIC, _ARABIC),
        _between(_VIRAMAS),
    ),
    "\u180e": (_between(_MONGOLIAN, _MONGOLIAN),),
    "\u2800": (_between(_BRAILLE), _between("", _BRAILLE)),
    "\u3000": (_between(_WIDE), _between("", _WIDE)),
    **dict.fromkeys("\ufe0e\ufe0f", (_between(_PICTURES), _between("#*0-9", "\u20e3"))),
    **dict.fromkeys("\u180b\u180c\u180d\u180f", (_between(_MONGOLIAN),)),
    **dict.fromkeys("\ufe00\ufe01\ufe02", (_between(f"{_HAN}\u3001\u3002\uff01-\uff1f"),)),
    **dict.fromkeys(map(chr, range(0xE0100, 0xE01F0)), (_between(_HAN),)),
}
_CONTROLS = {
    "\x00": "null", "\x07": "bell", "\x08": "backspace", "\x0b": "vertical tab",
    "\x0c": "form feed", "\r": "carriage return", "\x1b": "escape", "\x7f": "delete",
    "\x85": "next line",
}  # fmt: skip


def pieces(text: str) -> Iterator[str | Mark]:
    """The text in order, in plain stretches and marks. Their texts, joined, are the text."""
    if not _ANY.search(text):  # nearly every text
        if text:
            yield text
        return
    done = 0
    for start, mark in _marks(text):
        yield from _words(text[done:start])
        yield mark
        done = start + len(mark.text)
    yield from _words(text[done:])


def spelled(text: str) -> str:
    """The text with its invisible characters written out, as ⟨U+200B⟩."""
    return "".join(piece if isinstance(piece, str) else piece.spelled for piece in pieces(text))


def tally(texts: Iterable[str]) -> Tally:
    """What these texts hold together; the most frequent character first."""
    found: Counter[str] = Counter()
    mixed: dict[str, None] = {}
    for text in texts:
        for piece in pieces(text):
            if isinstance(piece, str):
                continue
            if piece.kind is Kind.INVISIBLE:
                found.update(f"{_code(c)} {_name(c)}" for c in piece.text)
            elif piece.kind is Kind.MIXED:
                mixed[piece.text[:LONGEST_WORD]] = None
    return Tally(tuple(found.most_common()), tuple(mixed))


def is_right_to_left(text: str) -> bool:
    """Whether some of the text is written from right to left."""
    return bool(_RIGHT_TO_LEFT.search(text))


def _marks(text: str) -> Iterator[tuple[int, Mark]]:
    """Where each mark begins, and the mark."""
    run: list[re.Match[str]] = []
    for found in _CANDIDATE.finditer(text):
        if found.lastgroup == "flag" or _is_expected(found):
            continue
        if run and (found.start() > run[-1].end() or found.lastgroup != "unseen"):
            yield from _of_run(run)
            run = []
        if found.lastgroup == "unseen":
            run.append(found)
        else:
            yield found.start(), _alone(found)
    yield from _of_run(run)


def _is_expected(found: re.Match[str]) -> bool:
    """Whether the script around it needs the character."""
    patterns = _EXPECTED.get(found.group(), ())
    return any(pattern.match(found.string, found.start()) for pattern in patterns)


def _of_run(run: Sequence[re.Match[str]]) -> Iterator[tuple[int, Mark]]:
    """A mark a character, or one for more than anybody would read."""
    if len(run) <= LONGEST_RUN:
        yield from ((found.start(), _alone(found)) for found in run)
        return
    text = "".join(found.group() for found in run)
    if all(a == b for a, b in pairwise(text)):
        label, what = f"{_code(text[0])} × {len(text)}", f"{_code(text[0])} {_name(text[0])}"
    else:
        codes = " ".join(map(_code, text[:LONGEST_RUN]))
        label, what = f"{_code(text[0])} … × {len(text)}", f"{codes} …"
    name = f"{len(text)} invisible characters: {what}"
    yield run[0].start(), Mark(Kind.INVISIBLE, text, label, name)


def _alone(found: re.Match[str]) -> Mark:
    text = found.group()
    if found.lastgroup == "tags":
        said = "".join(c if " " <= (c := chr(ord(tag) - 0xE0000)) <= "~" else "·" for tag in text)
        said = said[:LONGEST_TAGS] + ("…" if len(said) > LONGEST_TAGS else "")
        name = f"{len(text)} invisible tag characters, which spell: {said}"
        return Mark(Kind.INVISIBLE, text, f"tags “{said}”", name)
    kind = Kind.SPACE if found.lastgroup == "space" else Kind.INVISIBLE
    return Mark(kind, text, _code(text), f"{_code(text)} {_name(text)}")


def _words(text: str) -> Iterator[str | Mark]:
    """A stretch without candidates: its words of Latin and Cyrillic letters, which look alike."""
    done = 0
    if _CYRILLIC.search(text):
        for found in _MIXED.finditer(text):
            if found.start() > done:
                yield text[done : found.start()]
            yield Mark(Kind.MIXED, found.group(), "", "Latin and Cyrillic letters in one word")
            done = found.end()
    if done < len(text):
        yield text[done:]


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _name(character: str) -> str:
    otherwise = _CONTROLS.get(character, "control character")
    return unicodedata.name(character, otherwise).lower()

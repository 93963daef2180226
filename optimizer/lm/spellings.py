"""A secret as others may spell it: quoted, escaped, encoded, broken over lines, masked, or cut."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape

FRAGMENT = 12
"""So many characters of a secret in a row are hidden, wherever they are cut out of it."""
SHORT = 8
"""A shorter secret may be a part of words, so it is hidden where it stands alone."""
SHOWN = 3
"""Characters of a secret beside a mask, as in “sk-…wxyz”, that are hidden with it."""
LEVELS = 3
"""Escapes within escapes that are undone, as JSON in JSON in an address."""

Span = tuple[int, int]

_ESCAPE = re.compile(
    r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|%([0-9a-fA-F]{2})|&#[xX]([0-9a-fA-F]{1,5});"
    r"|&#(\d{1,6});|(&[a-zA-Z]{2,8};)|\\(.)",
    re.DOTALL,
)
_BLANKS = re.compile(
    "[\\s\x00-\x1f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd\ud800-\udfff]+"
)
_FOLDED = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_MASK = re.compile(r"\*{2,}|\.{2,}|…|•+|x{3,}|\[[^\]]{0,20}\]|<[^>]{0,20}>")


@dataclass(frozen=True)
class _View:
    """A text made of another; `starts` and `ends` say where each of its characters comes from."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        return self.starts[start], self.ends[end - 1]

    def rewritten(self, pattern: re.Pattern[str], said: Callable[[re.Match[str]], str]) -> _View:
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for match in pattern.finditer(self.text):
            told = said(match)
            parts += [self.text[done : match.start()], told]
            starts += self.starts[done : match.start()]
            ends += self.ends[done : match.start()]
            starts += [self.starts[match.start()]] * len(told)
            ends += [self.ends[match.end() - 1]] * len(told)
            done = match.end()
        return _View(
            "".join([*parts, self.text[done:]]),
            [*starts, *self.starts[done:]],
            [*ends, *self.ends[done:]],
        )


@dataclass(frozen=True)
class _Form:
    """One spelling, in one case; `least` of its characters in a row are a find."""

    text: str
    least: int

    def pieces(self) -> Iterator[tuple[int, str]]:
        """Parts of which every find has one whole, with where they begin."""
        size = (self.least + 1) // 2
        for start in range(0, len(self.text) - size + 1, size):
            yield start, self.text[start : start + size]

    def find(self, said: str) -> Iterator[Span]:
        for start, piece in self.pieces():
            at = said.find(piece)
            while at >= 0:
                first, last = self._grown(said, at, start, len(piece))
                if last - first >= self.least:
                    yield first, last
                at = said.find(piece, max(at + 1, last - len(piece) + 1))

    def _grown(self, said: str, at: int, start: int, size: int) -> Span:
        """The piece at `at` with all around it that is the form's, too."""
        left, right = 0, size
        while start > left < at and said[at - left - 1] == self.text[start - left - 1]:
            left += 1
        while (
            start + right < len(self.text)
            and at + right < len(said)
            and said[at + right] == self.text[start + right]
        ):
            right += 1
        return at - left, at + right


class Spellings:
    """Finds one secret in texts."""

    def __init__(self, secret: str) -> None:
        self.length = len(secret)
        self._alone = None
        self._forms: list[_Form] = []
        if self.length < SHORT:
            self._alone = re.compile(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])")
        else:
            self._forms = list(_forms(secret))

    def find(self, text: str, masked: bool = False) -> list[Span]:
        """Where the secret stands; with `masked`, also what is left of it beside a mask."""
        if not any(self._touches(level, masked) for level in _levels(text)):
            return []
        view = _View(text, range(len(text)), range(1, len(text) + 1))
        found: list[Span] = []
        for _ in range(LEVELS + 1):
            found += self._found(view, masked)
            view = view.rewritten(_ESCAPE, _unescaped)
        return found

    def _touches(self, level: str, masked: bool) -> bool:
        """Whether it is worth a closer look."""
        if self._alone is not None:
            return self._alone.search(level) is not None
        flat = _BLANKS.sub("", level).translate(_FOLDED)
        pieces = (piece for form in self._forms for _start, piece in form.pieces())
        return any(piece in flat for piece in pieces) or (masked and _MASK.search(flat) is not None)

    def _found(self, view: _View, masked: bool) -> Iterator[Span]:
        if self._alone is not None:
            yield from (view.span(*match.span()) for match in self._alone.finditer(view.text))
            return
        flat = view.rewritten(_BLANKS, lambda match: "")
        said = flat.text.translate(_FOLDED)
        for form in self._forms:
            yield from (flat.span(*span) for span in form.find(said))
        if masked:
            yield from (flat.span(*span) for span in self._masked(said))

    def _masked(self, said: str) -> Iterator[Span]:
        secret = self._forms[0].text
        most = min(len(secret), 2 * FRAGMENT)
        parts = [(secret[:n], secret[-n:]) for n in range(most, SHOWN - 1, -1)]
        for start, end in (mask.span() for mask in _MASK.finditer(said)):
            first = next((head for head, _ in parts if said.endswith(head, 0, start)), "")
            last = next((tail for _, tail in parts if said.startswith(tail, end)), "")
            if first or last:
                yield start - len(first), end + len(last)


def _forms(secret: str) -> Iterator[_Form]:
    """The secret itself first."""
    raw = secret.encode("utf-8", "replace")
    least = min(len(secret), FRAGMENT)
    spelt = [(secret, least), (secret[::-1], least), (raw.hex(), 2 * least)]
    if not secret.isascii():
        spelt.append((raw.decode("latin-1"), least))  # its bytes, one by one
    for encode in (b64encode, urlsafe_b64encode):
        spelt += [(_core(encode, raw, offset), 4 * least // 3) for offset in range(3)]
    for text, fragment in dict.fromkeys(spelt):
        flat = _BLANKS.sub("", text).translate(_FOLDED)
        if flat:
            yield _Form(flat, min(fragment, len(flat)))


def _core(encode: Callable[[bytes], bytes], raw: bytes, offset: int) -> str:
    """The characters of its base64 that depend on it alone, `offset` bytes into a group of three,
    as behind “user:”.
    """
    first, bits = -(-offset * 8 // 6), (offset + len(raw)) * 8
    return encode(b"\x00" * offset + raw).decode()[first : bits // 6]


def _levels(text: str) -> Iterator[str]:
    yield text
    for _ in range(LEVELS):
        below = _ESCAPE.sub(_unescaped, text)
        if below == text:
            return
        text = below
        yield text


def _unescaped(match: re.Match[str]) -> str:
    number = match[1] or match[2] or match[3] or match[4]
    if number or match[5]:
        return chr(int(number, 16) if number else int(match[5]))
    if match[6]:
        return unescape(match[6])
    return " " if match[7] in "nrtfbv" else match[7]

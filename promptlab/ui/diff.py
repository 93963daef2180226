"""Word diff of two prompts, in bounded time.

diff-match-patch compares characters, so every distinct token becomes one character first. Its own
clean-up joins too eagerly on such texts and swallows sentences that were kept; instead, only the
small words between two changes are joined here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from diff_match_patch import diff_match_patch

Op = Literal["equal", "insert", "delete"]

SECONDS = 0.5
# Chinese, Japanese and Korean write without spaces: there, a character is a token.
_CJK = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
# What belongs to a character stays with it: a selector, a skin tone, what a joiner joins, the tags
# of a flag. Apart, they would look like something else.
_SELECTED = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]?"
_TOKEN = re.compile(
    rf"[{_CJK}]{_SELECTED}|[^\W{_CJK}]+(?:['’\u200c\u200d][^\W{_CJK}]+)*"
    rf"|\s|[^\w\s]{_SELECTED}[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
    rf"(?:\u200d[^\w\s]{_SELECTED}[\U0001f3fb-\U0001f3ff]?)*"
)
_WORD = re.compile(r"\w")
# 137 000 code points that no text uses; diff-match-patch never looks inside them.
_FIRST_ID = 0xF0000
_LAST_ID = 0x10FFFD
_OPS: dict[int, Op] = {-1: "delete", 0: "equal", 1: "insert"}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text that was kept, inserted or deleted."""

    op: Op
    text: str

    @property
    def shown(self) -> str:
        """As drawn: a change of nothing but white space is made visible."""
        if self.op == "equal" or self.text.strip():
            return self.text
        return self.text.replace("\n", "↵\n").replace("\t", "→\t").replace(" ", "·")


@dataclass(frozen=True, slots=True)
class _Piece:
    op: Op
    tokens: tuple[str, ...]


def word_diff(before: str, after: str, seconds: float = SECONDS) -> list[Segment]:
    """The way from `before` to `after`. Equal and deleted segments joined are `before`, equal and
    inserted ones `after`, exactly. After `seconds` the answer is coarser, never wrong."""
    if before == after:
        return [Segment("equal", before)] if before else []
    pieces = list(_pieces(before, after, seconds))
    return [Segment(piece.op, "".join(piece.tokens)) for piece in _joined(pieces)]


def _pieces(before: str, after: str, seconds: float) -> Iterator[_Piece]:
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    known = list(dict.fromkeys((*old, *new)))
    if _FIRST_ID + len(known) > _LAST_ID:
        yield from (_Piece("delete", tuple(old)), _Piece("insert", tuple(new)))
        return
    ids = {token: chr(_FIRST_ID + place) for place, token in enumerate(known)}
    engine = diff_match_patch()
    engine.Diff_Timeout = seconds
    for op, text in engine.diff_main(_encoded(old, ids), _encoded(new, ids), False):
        yield _Piece(_OPS[op], tuple(known[ord(character) - _FIRST_ID] for character in text))


def _encoded(tokens: Iterable[str], ids: dict[str, str]) -> str:
    return "".join(ids[token] for token in tokens)


def _joined(pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    """Changes that only an island separates become one change, the deletion first."""
    start = 0
    while start < len(pieces):
        if pieces[start].op == "equal":
            yield pieces[start]
            start += 1
            continue
        end = _end_of_change(pieces, start)
        yield from _one_change(pieces[start:end])
        start = end


def _end_of_change(pieces: Sequence[_Piece], start: int) -> int:
    end = start
    while end < len(pieces):
        piece = pieces[end]
        if piece.op == "equal" and (end + 1 == len(pieces) or not _is_island(piece.tokens)):
            break
        end += 1
    return end


def _is_island(tokens: Sequence[str]) -> bool:
    """No word, or one of at most two letters: not worth breaking a phrase for. Lines stay."""
    if "\n" in tokens:
        return False
    words = [token for token in tokens if _WORD.match(token)]
    return not words or (len(words) == 1 and len(words[0]) <= 2)


def _one_change(pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    old = tuple(token for piece in pieces if piece.op != "insert" for token in piece.tokens)
    new = tuple(token for piece in pieces if piece.op != "delete" for token in piece.tokens)
    if old == new:
        yield _Piece("equal", old)
        return
    if old:
        yield _Piece("delete", old)
    if new:
        yield _Piece("insert", new)

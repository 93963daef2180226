"""How a delimited text is written: its delimiter, its width and its quotation marks, guessed."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice, product

from optimizer.core.problems import Refused
from optimizer.datasets.records import Dialect, Records
from optimizer.datasets.table import FILE, Options

DELIMITERS = (",", ";", "\t", "|")
RARE = ("\x1f", "\x01", "\x1e", "^", "~", "¦", "§", "\xfe")
"""Taken where none of the usual ones makes columns, and this one does in every record."""
_NEVER = '"\r\n\0'
SAMPLE_CHARACTERS = 1 << 16
SAMPLE_RECORDS = 100

_SEPARATOR_HINT = re.compile(r'"?sep=([,;|\t])"?\r?\n', re.IGNORECASE)
# Possessive: a quoted cell is gone through once, not given back piece by piece.
_SPACE_BEFORE_QUOTE = re.compile(r'[,;|\t] +"(?:[^"\\]|""|\\.)*+"(?=[,;|\t\r\n]|$)')
_BACKSLASH_QUOTE = re.compile(r'\\"')


@dataclass(frozen=True)
class _Trial:
    """What a sample looks like in one dialect: the share of rows as wide as most, and that width.

    `stray` is the share of rows whose quotation marks make no sense, `quotes` whether some do.
    """

    dialect: Dialect
    even: float
    width: int
    stray: float
    quotes: bool

    @property
    def merit(self) -> tuple[float, int]:
        return (self.even - self.stray, self.width) if self.width > 1 else (0.0, self.width)


def named_delimiter(name: str) -> str:
    """What a person calls a delimiter; "" is none.

    Raises:
        Refused: it cannot be one.
    """
    delimiter = {"tab": "\t", "\\t": "\t"}.get(name.lower(), name)
    if delimiter and (len(delimiter) > 1 or delimiter.isalnum() or delimiter in _NEVER):
        raise Refused.because("table.no_such_delimiter", FILE, name=name)
    return delimiter


def find_dialect(sample: str, options: Options, *, whole: bool, extension: str = "") -> Dialect:
    """Guess from the first characters what is not told; `whole`: they are the whole file.

    Raises:
        Refused: what was asked for cannot be a delimiter.
    """
    hint = _SEPARATOR_HINT.match(sample)
    asked = named_delimiter(options.delimiter)
    if asked or hint:
        delimiters: tuple[str, ...] = (asked or (hint[1] if hint else ""),)
    elif extension in ("tsv", "tab") and "\t" in sample:
        delimiters = ("\t",)
    else:
        delimiters = DELIMITERS
    base = Dialect(
        delimiters[0], bool(options.quoting and _SPACE_BEFORE_QUOTE.search(sample)),
        hint_lines=1 if hint else 0, quoting=options.quoting,
    )  # fmt: skip
    lines = list(io.StringIO(sample, newline=""))  # not splitlines: cells may hold \u2028
    lines = lines if whole else lines[:-1]
    best = _best(lines, base, delimiters)
    if delimiters is DELIMITERS and best.width <= 1 < len(lines):
        other = _best(lines, base, RARE)
        best = other if other.width > 1 and other.even == 1 and not other.stray else best
    return replace(best.dialect, width=best.width, quotes=best.quotes, stray_quotes=best.stray > 0)


def _best(lines: list[str], base: Dialect, delimiters: tuple[str, ...]) -> _Trial:
    escaped = base.quoting and any(map(_BACKSLASH_QUOTE.search, lines))
    tried = [
        _tried(lines, replace(base, delimiter=delimiter, backslash_quotes=escapes))
        for delimiter, escapes in product(delimiters, (False, True) if escaped else (False,))
    ]
    return max(tried, key=lambda trial: trial.merit)


def _tried(lines: list[str], dialect: Dialect) -> _Trial:
    records = Records(lines, dialect)
    widths = [len(row.cells) for row in islice(records, SAMPLE_RECORDS)]
    if not widths:
        return _Trial(dialect, 0.0, 0, 0.0, False)
    # Titles stand above a table: what is as wide as most rows is seen below them.
    counts = Counter(widths[len(widths) // 2 :])
    width = max(counts, key=lambda width: (width > 1, counts[width]))
    total = len(widths)
    even, stray = widths.count(width) / total, len(records.unsure) / total
    return _Trial(dialect, even, width, stray, records.needed > 0)

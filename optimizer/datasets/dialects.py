"""How a delimited text is written: its delimiter, its width and its quotation marks, guessed."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice, product

from optimizer.datasets.records import Dialect, Records

DELIMITERS = (",", ";", "\t", "|")
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


def find_dialect(sample: str, *, whole: bool, extension: str = "") -> Dialect:
    """Guess from the first characters; `whole` says that they are the whole file."""
    hint = _SEPARATOR_HINT.match(sample)
    if hint:
        delimiters: tuple[str, ...] = (hint.group(1),)
    elif extension in ("tsv", "tab") and "\t" in sample:
        delimiters = ("\t",)
    else:
        delimiters = DELIMITERS
    base = Dialect(
        delimiters[0], bool(_SPACE_BEFORE_QUOTE.search(sample)), hint_lines=1 if hint else 0
    )
    lines = list(io.StringIO(sample, newline=""))  # not splitlines: cells may hold \u2028
    lines = lines if whole else lines[:-1]
    escapes = (False, True) if _BACKSLASH_QUOTE.search(sample) else (False,)
    tried = [
        _tried(lines, replace(base, delimiter=delimiter, backslash_quotes=escaped))
        for delimiter, escaped in product(delimiters, escapes)
    ]
    best = max(tried, key=lambda trial: trial.merit)
    return replace(best.dialect, width=best.width, quotes=best.quotes, stray_quotes=best.stray > 0)


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

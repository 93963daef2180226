"""Dates as people and models write them, where only one day can be meant.

It stands alone, on the standard library: everything below the line of dashes is copied into the
files that a version is downloaded as.
"""

from __future__ import annotations

import datetime
import re
import unicodedata

# ----------------------------------------------------------------------------------------------

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_NTH = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
NAMED_DATES = (
    rf"{_DAY}(?:the\s+)?{_NTH}\s*(?:of\s+|[-\s])\s*{_MONTH},?[-\s]\s*(?P<year>\d{{4}})",
    rf"{_DAY}{_MONTH}\s*{_NTH}(?:,\s*|\s+)(?P<year>\d{{4}})",
)
_FORMS = (
    *NAMED_DATES,
    r"(?P<year>\d{4})\s*([-/.])\s*(?P<month>\d{1,2})\s*\2\s*(?P<day>\d{1,2})",
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    r"(?P<year>\d{4})[年년]\s*(?P<month>\d{1,2})[月월]\s*(?P<day>\d{1,2})[日일]",
)
_MIDNIGHT = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?$")
_SLASHED = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_AROUND = " \t\n\"'`*_()[]“”‘’.,;"


def day_of(text: str) -> str | None:
    """The day that a text names, as YYYY-MM-DD; None where it names none, or may name another."""
    said = unicodedata.normalize("NFKC", text).strip(_AROUND).casefold()
    said = _MIDNIGHT.sub("", said.replace("t00:00", "T00:00").replace("z", "Z"))
    for form in _FORMS:
        found = re.fullmatch(form, said)
        if found:
            month = found["month"]
            number = int(month) if month.isdecimal() else MONTHS.split().index(month[:3]) + 1
            return _iso(int(found["year"]), number, int(found["day"]))
    slashed = _SLASHED.fullmatch(said)
    if slashed is None:
        return None
    first, other, year = int(slashed[1]), int(slashed[3]), int(slashed[4])
    days = {_iso(year, first, other), _iso(year, other, first)} - {None}
    return days.pop() if len(days) == 1 else None


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None

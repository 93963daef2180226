"""Numbers as people read them. Every function takes None and answers an en dash."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Protocol

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from optimizer.costs.money import MINUS, dollars

NOTHING = "–"


def score(value: float | None, places: int = 1) -> str:
    """0–1 as points of 100: 0.612 → 61.2."""
    return NOTHING if value is None else _fixed(100 * value, places)


def points(change: float | None, places: int = 1) -> str:
    """A difference of two scores (−1 to 1) with its sign: 0.144 → +14.4."""
    if change is None:
        return NOTHING
    size = points_size(change, places)
    if round(100 * change, places) == 0:
        return size
    return f"{'+' if change > 0 else MINUS}{size}"


def points_size(change: float | None, places: int = 1) -> str:
    """The same without a sign, for places where an arrow tells the direction."""
    return NOTHING if change is None else _fixed(abs(100 * change), places)


def direction(change: float | None) -> str:
    """Whether a difference is better or worse, as a class: up, down, "" where neither."""
    return "" if not change else "up" if change > 0 else "down"


def arrow(change: float | None) -> str:
    """The same as a glyph."""
    return NOTHING if change is None else "=" if not change else "▲" if change > 0 else "▼"


def percent(value: float | None, places: int = 0) -> str:
    """A share of 1: 0.54 → 54%."""
    return NOTHING if value is None else _("%(number)s%%") % {"number": _fixed(100 * value, places)}


def interval(low: float | None, high: float | None) -> str:
    """Half the width of an interval of scores, in points: ±2.9."""
    if low is None or high is None:
        return NOTHING
    return f"±{_fixed(50 * abs(high - low), 1)}"


def span(low: float | None, high: float | None) -> str:
    """Both ends of an interval of scores: 58.1–66.3."""
    return NOTHING if low is None or high is None else f"{score(low)}–{score(high)}"


class Sampled(Protocol):
    """A score of some examples with its interval, 0–1."""

    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def n(self) -> int | None: ...


def sampled(found: Sampled | None) -> str:
    """How sure a score is: ±2.9, n = 40."""
    if found is None:
        return NOTHING
    half = interval(found.low, found.high)
    return _("%(half)s, n = %(n)s") % {"half": half, "n": found.n} if found.n else half


def sign_test(p: float | None) -> str:
    """How likely such wins and losses are by chance: p = 0.034, p = 0.31, p < 0.001."""
    if p is None:
        return NOTHING
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def money(micro_usd: int | None) -> str:
    """Micro-dollars: 12_345 → $0.0123. Two to four places, and never a false zero."""
    return NOTHING if micro_usd is None else dollars(micro_usd)


def priced_share(calls: int, unpriced: int | None) -> str:
    """Of how many calls a cost is, where the price of some was not known; "" where it is of all."""
    if not unpriced:
        return ""
    told = {"all": whole(calls), "n": whole(unpriced), "priced": whole(max(calls - unpriced, 0))}
    if calls <= unpriced:
        return _("the price of these calls was not known")
    return _("for %(priced)s of %(all)s calls; %(n)s were made before a price was known") % told


def duration(value: float | timedelta | None) -> str:
    """Seconds (or a timedelta): 0.93 → 930 ms, 1.58 → 1.58 s, 242 → 4 min 02 s."""
    if value is None:
        return NOTHING
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 0.9995:
        return _("%(n)s ms") % {"n": _fixed(1000 * seconds, 0)}
    if seconds < 59.5:
        return _("%(n)s s") % {"n": _fixed(seconds, 2 if seconds < 9.995 else 0)}
    return _long_duration(round(seconds))


def waiting_time(seconds: float) -> str:
    """How long to wait, never less than it takes: 42 → 42 seconds, 242 → 5 minutes."""
    whole = max(1, ceil(seconds))
    if whole <= 90:
        return ngettext("%(n)d second", "%(n)d seconds", whole) % {"n": whole}
    minutes = ceil(whole / 60)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def compact(value: float | None) -> str:
    """A count that need not be exact: 950, 4.1k, 2.1M, 3.0B."""
    if value is None:
        return NOTHING
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        # 999 950 would round to 1000.0k.
        if abs(value) >= size * 0.99995:
            return f"{_fixed(value / size, 1)}{unit}"
    return _fixed(value, 0)


def whole(value: int | None) -> str:
    """A count that is exact: 1234567 → 1,234,567."""
    return NOTHING if value is None else _fixed(value, 0)


def _long_duration(seconds: int) -> str:
    if seconds < 3600:
        return _("%(m)d min %(s)02d s") % {"m": seconds // 60, "s": seconds % 60}
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return _("%(h)d h %(m)02d min") % {"h": minutes // 60, "m": minutes % 60}
    hours = round(minutes / 60)
    return _("%(d)d d %(h)d h") % {"d": hours // 24, "h": hours % 24}


def _fixed(value: float, places: int) -> str:
    return number_format(
        round(value, places), decimal_pos=places, force_grouping=abs(value) >= 1000
    )

"""Money as people read it. Everywhere inside it is whole micro-USD."""

from __future__ import annotations

MICRO = 1_000_000
"""Micro-dollars in a dollar."""
MINUS = "−"


def dollars(micro: int) -> str:
    """Micro-dollars: 12_345 → $0.0123. Two to four places, and never a false zero."""
    sign, size = (MINUS if micro < 0 else ""), abs(micro)
    if 0 < size < 50:
        return f"{sign}<$0.0001"
    places = 2 if size >= MICRO or size % 10_000 == 0 else 4
    amount = round(size / MICRO, places)
    if places == 4 and round(amount * 100, 2) == int(round(amount * 100, 2)):
        places = 2
    return f"{sign}${amount:,.{places}f}"

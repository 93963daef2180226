"""Names of candidates: one each, its number. And what a candidate is made of, in short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

from django.utils.translation import gettext as _

BASELINE = "baseline"


def short_name(number: int) -> str:
    """How a candidate is called where there is little room: its number, or the baseline."""
    return str(number) if number else _("baseline")


def makeup(choice: Mapping[str, int], modules: Sequence[str]) -> str:
    """What a choice is made of, in a sentence; "" where it chooses nothing."""
    told = []
    for module in modules:
        parts = []
        if choice.get(f"{module}:instruction"):
            parts.append(_("instruction %(n)s") % {"n": choice[f"{module}:instruction"]})
        if choice.get(f"{module}:demos"):
            parts.append(_("demo set %(letter)s") % {"letter": letter(choice[f"{module}:demos"])})
        if parts:
            told.append(f"{module}: {', '.join(parts)}")
    return "; ".join(told) + "." if told else ""


def code_of(choice: Mapping[str, int], modules: Sequence[str]) -> str:
    """What a candidate is made of as programs read it, module by module, joined by a dot: the
    instruction's number and the demo set's letter. `{"classify:instruction": 2,
    "classify:demos": 1}` → `2a`. It is no name: two candidates may have the same.
    """
    if not choice:
        return BASELINE
    return "·".join(
        f"{choice.get(f'{m}:instruction', 0)}{letter(choice.get(f'{m}:demos', 0))}" for m in modules
    )


def letter(index: int) -> str:
    """Demo set 0 has no letter, then a … z, aa, ab …"""
    found = ""
    while index > 0:
        index, place = divmod(index - 1, len(ascii_lowercase))
        found = ascii_lowercase[place] + found
    return found

"""Short names of candidates: for each module the instruction's number and the demo set's letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

BASELINE = "baseline"


def code_of(choice: Mapping[str, int], modules: Sequence[str]) -> str:
    """`{"classify:instruction": 2, "classify:demos": 1}` → `2a`; modules are joined by a dot."""
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

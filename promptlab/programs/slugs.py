"""Names of programs in addresses: made of the first name, and kept whatever it is called later."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.text import slugify

MOST = 60


def slug_for(name: str, taken: Iterable[str]) -> str:
    """The name in letters, digits and hyphens of any script; a number behind it where it is taken.

    >>> slug_for("Support triage", ["support-triage"])
    'support-triage-2'
    """
    stem = slugify(name, allow_unicode=True)[:MOST].strip("-_") or "prompt"
    known = set(taken)
    names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(known) + 2))
    return next(slug for slug in names if slug not in known)

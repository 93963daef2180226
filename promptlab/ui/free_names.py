"""Names that nothing has yet."""

from __future__ import annotations

from collections.abc import Iterable


def first_free(stem: str, taken: Iterable[str]) -> str:
    """The name itself, or the first with a number behind it that is not taken.

    >>> first_free("Iris", ["Iris", "Iris 2"])
    'Iris 3'
    """
    known = set(taken)
    names = (stem if n == 1 else f"{stem} {n}" for n in range(1, len(known) + 2))
    return next(name for name in names if name not in known)

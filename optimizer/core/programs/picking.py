"""One of several values, by the number that a model says.

It stands alone, on the layouts: everything below the line of dashes is copied into the files that a
version is downloaded as.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optimizer.core.programs.layouts import numbered

# ----------------------------------------------------------------------------------------------

NUMBER = "number"
"""What the model says of the candidates."""


def candidates_told(candidates: Sequence[Any]) -> str:
    """The candidates as they are shown, numbered from 1."""
    return f"Candidates:\n{numbered(list(candidates))}"


def picked(candidates: Sequence[Any], number: int) -> Any:
    """The candidate of this number.

    Raises:
        LookupError: there is none.
    """
    if not 1 <= number <= len(candidates):
        raise LookupError(f"There is no candidate {number}: there are {len(candidates)}")
    return candidates[number - 1]

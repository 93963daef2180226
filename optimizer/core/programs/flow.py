"""Whether a call is made, and how it is repeated.

It stands alone, on the standard library: everything below the line of dashes is copied into the
files that a version is downloaded as.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

# ----------------------------------------------------------------------------------------------


def holds(value: Any, values: Iterable[str]) -> bool:
    """Whether a condition on a value holds: as it is written, it is one of these."""
    if value is None:
        return False
    told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return told in values


def next_values(
    values: Mapping[str, Any], outputs: Any, feeds: Mapping[str, str]
) -> dict[str, Any]:
    """The inputs of the next pass; `feeds` has the outputs that some of them are given."""
    return {**values, **{name: outputs[output] for name, output in feeds.items()}}


def repeated(
    times: int,
    until: str,
    feeds: dict[str, str],
    use: Callable[[dict[str, Any]], Any],
    values: dict[str, Any],
) -> Any:
    """Use a step again and again, `times` at most, until its output `until` is true."""
    for _ in range(times):
        found = use(values)
        if found[until] is True:
            break
        values = next_values(values, found, feeds)
    return found

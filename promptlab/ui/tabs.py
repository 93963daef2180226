"""What a page chooses between, as `parts/tabs.html` draws it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool
    count: int | None = None
    note: str = ""

"""Examples: one row of a dataset, as the optimizer sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.core.programs.signature import Value


@dataclass(frozen=True)
class Example:
    """`inputs` go into the program, `expected` to the metric; `id` is unique within its dataset."""

    id: str
    inputs: dict[str, Value]
    expected: dict[str, Value] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.id)

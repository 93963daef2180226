"""Examples: one row of a dataset, as the optimizer sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.core.programs.signature import Value


@dataclass(frozen=True)
class Example:
    """`inputs` go into the program, `expected` to the metric; `id` is unique within its dataset.

    `feedback` is what people said of the row: for who writes instructions, told to no program.
    """

    id: str
    inputs: dict[str, Value]
    expected: dict[str, Value] = field(default_factory=dict)
    feedback: str = ""

    def __hash__(self) -> int:
        return hash(self.id)

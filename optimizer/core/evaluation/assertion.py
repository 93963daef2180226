"""What a test of another tool says of an answer, as promptfoo calls it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Assertion:
    """`is_rule`: it says the same of every answer; otherwise its value is the row's own, which the
    dataset's column `expected` has. `output` is what is judged.
    """

    kind: str
    value: object = None
    threshold: object = None
    is_rule: bool = False
    output: str = "output"
    expected: str = "expected"

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(map(str, self.value if isinstance(self.value, list) else [self.value]))

    @property
    def most(self) -> float | None:
        """The threshold where it is a limit."""
        number = self.threshold
        fits = isinstance(number, int | float) and not isinstance(number, bool) and number > 0
        return float(number) if fits else None  # type: ignore[arg-type]

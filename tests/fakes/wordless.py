"""A module kind without words: it asks nobody, and there is nothing for an optimizer to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from optimizer.core.programs.lm import Message
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.signature import Field, Value
from optimizer.core.programs.steps import Ran, Steps


@dataclass(frozen=True)
class Shortened(Module):
    """Gives the first letters of what it is given."""

    kind: Literal["shortened"] = "shortened"
    letters: int = 40

    has_instruction: ClassVar[bool] = False
    takes_demos: ClassVar[bool] = False

    @property
    def lm_calls(self) -> int:
        return 0

    @property
    def reply_fields(self) -> tuple[Field, ...]:
        return self.signature.outputs

    def messages(self, prompt: ModulePrompt, values: dict[str, Value]) -> tuple[Message, ...]:
        return ()

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        yield from ()
        given = str(next(iter(values.values())))
        return Ran({f.name: given[: self.letters] for f in self.signature.outputs})

    def python_constant(self) -> dict[str, Any]:
        return {}

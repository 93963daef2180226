"""What modules that ask no model have in common: nothing to write, nothing to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optimizer.core.programs.lm import Message
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.signature import Field, Value


@dataclass(frozen=True)
class Wordless(Module):
    """A step of a program that is no prompt: optimizers leave it as it is."""

    has_instruction: ClassVar[bool] = False
    takes_demos: ClassVar[bool] = False
    labels_are_demos: ClassVar[bool] = False

    @property
    def lm_calls(self) -> int:
        return 0

    @property
    def reply_fields(self) -> tuple[Field, ...]:
        return self.signature.outputs

    def messages(self, prompt: ModulePrompt, values: dict[str, Value]) -> tuple[Message, ...]:
        return ()

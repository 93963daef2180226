"""Chain of thought: the model writes its reasoning first, then answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from optimizer.core.modules.prompted import Prompted
from optimizer.core.programs.signature import REASONING, Field, FieldType


@dataclass(frozen=True)
class ChainOfThought(Prompted):
    """A module that writes its reasoning first, then answers."""

    kind: Literal["chain_of_thought"] = "chain_of_thought"

    labels_are_demos: ClassVar[bool] = False
    thinks_in: ClassVar[str] = REASONING
    dspy_class: ClassVar[str] = "ChainOfThought"
    dspy_predictor: ClassVar[str] = "predict"

    @property
    def reply_fields(self) -> tuple[Field, ...]:
        thinking = Field(REASONING, FieldType.TEXT, "think step by step before answering")
        return (thinking, *self.signature.outputs)

    @property
    def gives(self) -> tuple[Field, ...]:
        return self._several(self.reply_fields)

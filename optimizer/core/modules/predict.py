"""Predict: the model answers at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from optimizer.core.modules.prompted import Prompted
from optimizer.core.programs.signature import Field


@dataclass(frozen=True)
class Predict(Prompted):
    """A module that answers at once."""

    kind: Literal["predict"] = "predict"

    dspy_class: ClassVar[str] = "Predict"

    @property
    def reply_fields(self) -> tuple[Field, ...]:
        return self.signature.outputs

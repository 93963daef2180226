"""A module kind without words: it asks nobody, and there is nothing for an optimizer to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from optimizer.core.modules.wordless import Wordless
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.signature import Value
from optimizer.core.programs.steps import Ran, Steps


@dataclass(frozen=True)
class Shortened(Wordless):
    """Gives the first letters of what it is given."""

    kind: Literal["shortened"] = "shortened"
    letters: int = 40

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        yield from ()
        given = str(next(iter(values.values())))
        return Ran({f.name: given[: self.letters] for f in self.signature.outputs})

    def python_constant(self) -> dict[str, Any]:
        return {}

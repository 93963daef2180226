"""Vote: what most of several values say, from several calls or from one that drew several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from optimizer.core.modules.wordless import Wordless
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.signature import Value
from optimizer.core.programs.steps import Ran, Steps
from optimizer.core.programs.voting import most_frequent


@dataclass(frozen=True)
class Vote(Wordless):
    """Gives its one output the most frequent of its inputs' values, of equals the first. Inputs may
    be lists of values; those of calls that were not made count for nothing.
    """

    kind: Literal["vote"] = "vote"

    python_class: ClassVar[str] = "MostFrequent"

    @property
    def takes_missing(self) -> bool:
        return True

    def problems(self) -> list[Problem]:
        outputs = len(self.signature.outputs)
        more = [problem("vote.one_output", n=outputs)] if outputs > 1 else []
        return [*super().problems(), *more]

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        yield from ()
        (output,) = self.signature.outputs
        return Ran({output.name: most_frequent(output.kind, list(values.values()))})

    def python_constant(self) -> dict[str, Any]:
        (output,) = self.signature.outputs
        return {"output": output.name, "kind": output.kind}

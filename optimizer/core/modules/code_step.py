"""Code: a function of the user's own makes the outputs of the inputs, in the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from optimizer.core.modules.wordless import Wordless
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.returned import Unfitting, outputs_in
from optimizer.core.programs.signature import Value
from optimizer.core.programs.steps import Ran, RunCode, Steps, call_code

FUNCTION = "step"


@dataclass(frozen=True)
class CodeStep(Wordless):
    """`source` defines `step` with the inputs' names as its arguments, in their order. It returns
    the value of the only output, or a dict with a value for each.
    """

    kind: Literal["code_step"] = "code_step"
    source: str = ""

    python_class: ClassVar[str] = "Function"

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.signature.inputs)

    def problems(self) -> list[Problem]:
        empty = [] if self.source.strip() else [problem("code_step.empty")]
        return [*super().problems(), *empty]

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        answer = yield from call_code(RunCode(self.source, FUNCTION, values))
        if answer.problem is not None:
            # Not the program's answer, but a fault of its code: nobody scores it as 0.
            return Ran({}, problem=answer.told or answer.problem.code, answered=False)
        try:
            return Ran(outputs_in(self._kinds, answer.value))
        except Unfitting as error:
            return Ran({}, problem=str(error), answered=False)

    def python_constant(self) -> dict[str, Any]:
        return {"source": self.source, "function": FUNCTION, "outputs": self._kinds}

    @property
    def _kinds(self) -> dict[str, Any]:
        return {f.name: f.kind for f in self.signature.outputs}

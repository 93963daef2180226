"""Retrieve: the passages of a corpus that say most about a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from optimizer.core.modules.wordless import Wordless
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.passages import corpus_file, passages_as
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.signature import FieldType, Signature, Value, written
from optimizer.core.programs.steps import Ran, Search, Steps, look_up

MOST_PASSAGES = 100


@dataclass(frozen=True)
class Retrieve(Wordless):
    """Gives its one output, a list, the `k` passages of `corpus`, a digest, that say most about its
    one input. It costs nothing, and gives the same each time.
    """

    kind: Literal["retrieve"] = "retrieve"
    corpus: str = ""
    k: int = 3

    python_class: ClassVar[str] = "Lookup"

    @property
    def corpora(self) -> tuple[str, ...]:
        return (self.corpus,) if self.corpus else ()

    def problems(self) -> list[Problem]:
        found = [] if self.corpus else [problem("retrieve.no_corpus")]
        return [*super().problems(), *found, *retrieving_problems(self.signature, self.k)]

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        (query,) = values.values()
        answer = yield from look_up(Search(self.corpus, written(query), self.k))
        if answer.problem is not None:
            return Ran({}, problem=answer.told or answer.problem.code, answered=False)
        (output,) = self.signature.outputs
        return Ran({output.name: passages_as(output.kind, answer.found)})

    def python_constant(self) -> dict[str, Any]:
        (output,) = self.signature.outputs
        return {
            "file": corpus_file(self.corpus),
            "k": self.k,
            "output": output.name,
            "kind": output.kind,
        }


def retrieving_problems(signature: Signature, k: int) -> list[Problem]:
    """What keeps a step with these fields from giving `k` passages for a query."""
    found = [] if 1 <= k <= MOST_PASSAGES else [problem("retrieve.k", most=MOST_PASSAGES)]
    if len(signature.inputs) != 1:
        found.append(problem("retrieve.one_input", n=len(signature.inputs)))
    if len(signature.outputs) != 1 or signature.outputs[0].type is not FieldType.LIST:
        found.append(problem("retrieve.one_list"))
    return found

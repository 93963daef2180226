"""Candidates: one choice of instruction and demos for every module."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from optimizer.core.programs.demo import contents_of, digest_of
from optimizer.core.programs.lm import EmbeddingModel
from optimizer.core.programs.program import Module, ModulePrompt, Program


@dataclass(frozen=True)
class Candidate:
    """Instruction and demos for every module, by module name."""

    modules: dict[str, ModulePrompt]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content: equal prompts are one candidate, however they were found."""
        return digest_of(
            {
                name: [prompt.instruction, contents_of(prompt.demos)]
                for name, prompt in self.modules.items()
            }
        )

    @property
    def embedding_models(self) -> tuple[EmbeddingModel, ...]:
        """Models by whose vectors its demos are chosen."""
        found = (prompt.embedding for prompt in self.modules.values())
        return tuple(dict.fromkeys(model for model in found if model is not None))

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Candidate) and other.digest == self.digest

    def with_module(self, name: str, prompt: ModulePrompt) -> Candidate:
        return Candidate({**self.modules, name: prompt})


def baseline_of(program: Program) -> Candidate:
    """The program as it stands."""
    return Candidate(
        {m.name: ModulePrompt(m.signature.instruction, m.demos) for m in program.modules}
    )


def with_prompts(program: Program, candidate: Candidate) -> Program:
    """The program with a candidate's instructions and demos in its modules."""
    return replace(
        program, modules=tuple(_with_prompt(module, candidate) for module in program.modules)
    )


def _with_prompt(module: Module, candidate: Candidate) -> Module:
    prompt = candidate.modules.get(module.name)
    if prompt is None:
        return module
    signature = replace(module.signature, instruction=prompt.instruction)
    return replace(module, signature=signature, demos=prompt.demos)

"""What a search chooses from: instructions and demo sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.core.demos.demo_sets import DemoSets
from optimizer.core.instructions.proposals import Instructions
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.program import ModulePrompt


@dataclass(frozen=True)
class Options:
    """What a search chooses from: instructions and demo sets by module."""

    instructions: Instructions
    demo_sets: DemoSets | None = None

    def sizes(self) -> dict[str, int]:
        """Number of options by search parameter; parameters without a choice are left out."""
        sizes = {f"{m}:instruction": len(texts) for m, texts in self.instructions.items()}
        if self.demo_sets is not None:
            sizes |= {f"{m}:demos": len(sets) for m, sets in self.demo_sets.by_module.items()}
        return {name: size for name, size in sizes.items() if size > 1}

    def assemble(self, baseline: Candidate, choice: Mapping[str, int]) -> Candidate:
        """The candidate of a choice; a module without demo sets keeps its own demos."""
        modules = {}
        for name, texts in self.instructions.items():
            demos = baseline.modules[name].demos
            if self.demo_sets is not None:
                demos = self.demo_sets.by_module[name][choice.get(f"{name}:demos", 0)]
            modules[name] = ModulePrompt(texts[choice.get(f"{name}:instruction", 0)], demos)
        return Candidate(modules)

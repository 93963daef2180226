"""The settings of proposals as categories: what MIPRO++ and racing choose from (the paper's θ)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.demos.demo_sets import DemoSets
from optimizer.core.instructions import prompts
from optimizer.core.instructions.guidance import Guidance
from optimizer.core.instructions.proposals import current_instructions
from optimizer.core.programs.candidate import Candidate
from optimizer.core.strategies.options import Options

TEMPERATURES = (0.4, 0.7, 1.0)
"""The paper's 0.7, and one step to either side: beyond, small models lose the thread."""
TIPS = tuple(prompts.TIPS)


def rewrite_setting(card: str) -> str:
    """The setting that says whether a card's rewriting is shown."""
    return f"rewriting {card}"


@dataclass(frozen=True)
class Space:
    """The settings of proposals θ as categories: parameters with one option are left out."""

    spec: RunSpec
    shown: DemoSets | None
    tried: DemoSets | None = None

    def sizes(self) -> dict[str, int]:
        shows = self.spec.settings.grounding
        writes = {
            "dataset summary": 1 + (shows.dataset_summary and bool(self.spec.train)),
            "program summary": 1 + shows.program_summary,
            "history": 1 + shows.history,
            "tip": len(TIPS) if shows.tips else 1,
            "temperature": len(TEMPERATURES),
            "optimizer model": self.spec.writers,
            **{rewrite_setting(r.card): 2 for r in self.spec.rewrites},
        }
        may_write = any(module.writable for module in self.spec.program.modules)
        sizes = writes if may_write else {}
        for module in self.spec.program.modules:
            name = module.name
            if self.shown is not None and module.writable:
                sizes[f"{name}:shown demos"] = self.shown.count(name)
            if self.tried is not None:
                sizes[f"{name}:demos"] = self.tried.count(name)
        return {name: size for name, size in sizes.items() if size > 1}

    def guidance(self, choice: Mapping[str, int]) -> Guidance:
        """What a choice means; what there is no choice of is as the settings say."""
        shown = self.shown.by_module if self.shown else {}
        return Guidance(
            dataset_summary=choice.get("dataset summary", 1) > 0,
            program_summary=choice.get("program summary", 1) > 0,
            history=choice.get("history", 1) > 0,
            tip=TIPS[choice.get("tip", 0)],
            temperature=TEMPERATURES[choice.get("temperature", 0)],
            demos={m: sets[choice.get(f"{m}:shown demos", 0)] for m, sets in shown.items()},
            model=choice.get("optimizer model", 0),
            without_rewrites=frozenset(
                r.card for r in self.spec.rewrites if not choice.get(rewrite_setting(r.card), 1)
            ),
        )

    def demos(self, baseline: Candidate, choice: Mapping[str, int]) -> Candidate:
        """The program as it stands, with the demo sets of the choice where they are searched."""
        options = Options(current_instructions(self.spec.program), self.tried)
        return options.assemble(baseline, choice)

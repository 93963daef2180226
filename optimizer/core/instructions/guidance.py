"""What the optimizer model is shown, and how it is asked, when it writes an instruction (§3.1)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.demos.demo_sets import SHOWN_DEMOS, DemoSet
from optimizer.core.instructions import prompts
from optimizer.core.instructions.drafting import Draft
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import a_few
from optimizer.core.programs.lm import Prompt
from optimizer.core.programs.program import Module

HISTORY_SHOWN = 20
"""Instructions tried before that one proposal is shown at most: the best ones, best last (OPRO)."""

Tried = Sequence[tuple[str, float]]
"""Instructions tried before with their scores in 0–1, ascending."""


@dataclass(frozen=True)
class Ground:
    """What was found out for proposals; an empty part is left out of the prompt."""

    dataset_summary: str = ""
    program_summary: str = ""
    module_descriptions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Guidance:
    """The settings of a proposal, the paper's θ (§4.3): what it is shown, and how it is drawn.

    `tip` is a name in prompts.TIPS; `demos` are those shown, by module; `model` is the optimizer
    model that writes, as in `Ask`. A temperature of None is the run's own. `without_rewrites`:
    cards of the library whose rewritings are not shown.
    """

    dataset_summary: bool = True
    program_summary: bool = True
    history: bool = True
    tip: str = "none"
    temperature: float | None = None
    without_rewrites: frozenset[str] = frozenset()
    demos: Mapping[str, DemoSet] = field(default_factory=dict)
    model: int = 0

    @property
    def source(self) -> str:
        """Where an instruction written like this comes from, in a few words."""
        return "grounded" if self.tip == "none" else f"grounded, tip: {self.tip.replace('_', ' ')}"


def draw_tip(spec: RunSpec, rng: random.Random) -> str:
    """A tip's name, any of the six alike; "none" where tips are not wished."""
    return rng.choice(list(prompts.TIPS)) if spec.settings.grounding.tips else "none"


def grounded_draft(
    spec: RunSpec, module: Module, ground: Ground, guidance: Guidance, tried: Tried, round_: int = 0
) -> Draft:
    """One grounded instruction to be written; draws of another round are other draws."""
    prompt = partial(_prompt, spec, module, ground, guidance, tuple(tried[-HISTORY_SHOWN:]), round_)
    return Draft(module, prompt, guidance.source)


def _prompt(
    spec: RunSpec,
    module: Module,
    ground: Ground,
    guidance: Guidance,
    tried: Tried,
    round_: int,
    sample: int,
) -> Prompt:
    shows = spec.settings.grounding
    about_program = shows.program_summary and guidance.program_summary
    temperature = guidance.temperature
    if temperature is None:
        temperature = spec.settings.proposal_temperature
    return prompts.propose_instruction(
        module,
        baseline_of(spec.program).modules[module.name],
        dataset_summary=ground.dataset_summary if guidance.dataset_summary else "",
        program=spec.program if about_program else None,
        program_summary=ground.program_summary if about_program else "",
        module_description=ground.module_descriptions.get(module.name, "") if about_program else "",
        demos=a_few(guidance.demos.get(module.name, ()), SHOWN_DEMOS) if shows.demos else (),
        history=tried if shows.history and guidance.history else (),
        rewrites=[r for r in spec.rewrites if r.card not in guidance.without_rewrites],
        tip=prompts.TIPS[guidance.tip],
        temperature=temperature,
        sample=round_ * SAMPLES_OF_A_ROUND + sample,
    )


SAMPLES_OF_A_ROUND = 1000
"""More than a round draws: samples of two rounds are never the same."""

"""Instruction proposals, grounded in the data, the program and the demos (the paper's §3.1)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from optimizer.core import prompts
from optimizer.core.candidate import baseline_of
from optimizer.core.demos import SHOWN_DEMOS, DemoSets
from optimizer.core.drafting import REDRAWS, Draft, clean, drafted
from optimizer.core.events import InstructionProposed, Noted, Phase, PhaseStarted
from optimizer.core.guards import MAX_LENGTH
from optimizer.core.lm import Prompt
from optimizer.core.program import Demo, Module, Program
from optimizer.core.requests import Ask, Conversation, ask
from optimizer.core.spec import RunSpec

BATCH = 10
"""Examples shown at a time for the dataset summary."""
MAX_BATCHES = 10
COMPLETE_LIMIT = 5
"""The summary is done after this many COMPLETE answers (§3.1)."""

Instructions = dict[str, tuple[str, ...]]
"""Instruction candidates by module; the first is the current one."""

History = dict[str, tuple[tuple[str, float], ...]]
"""Instructions tried before with the program's score, by module, ascending."""


@dataclass(frozen=True)
class Ground:
    """What proposals are grounded in; an empty part is left out of the prompt."""

    dataset_summary: str = ""
    program_summary: str = ""
    module_descriptions: dict[str, str] = field(default_factory=dict)


def propose(
    spec: RunSpec, demo_sets: DemoSets | None, history: History
) -> Conversation[Instructions]:
    """Write `spec.settings.instructions - 1` new instructions for every module, all upfront.

    A frozen instruction is its module's only one.
    """
    new = max(spec.settings.instructions - 1, 0)
    open_ones = [m for m in spec.program.modules if not m.frozen_instruction]
    yield PhaseStarted(Phase.PROPOSE, new * len(open_ones))
    ground = (yield from grounding(spec)) if new and open_ones else Ground()
    found = current_instructions(spec.program)
    for module in open_ones:
        tried = history.get(module.name, ()) if spec.settings.grounding.history else ()
        found[module.name] = yield from _module_instructions(
            spec, module, ground, demo_sets, tried, new
        )
    return found


def current_instructions(program: Program) -> Instructions:
    """Every module's instruction as it stands, and no other."""
    return {module.name: (module.signature.instruction,) for module in program.modules}


def grounding(spec: RunSpec) -> Conversation[Ground]:
    """Summarise the dataset and the program, and describe every module, as the settings ask."""
    temperature = spec.settings.proposal_temperature
    dataset = ""
    if spec.settings.grounding.dataset_summary and spec.train:
        dataset = yield from dataset_summary(spec)
    if not spec.settings.grounding.program_summary:
        return Ground(dataset)
    prompt = prompts.describe_program(spec.program, temperature)
    (summary,) = yield from ask(Ask((prompt,), "program summary"))
    modules = [m for m in spec.program.modules if not m.frozen_instruction]
    asked = tuple(
        prompts.describe_module(spec.program, module, clean(summary), temperature)
        for module in modules
    )
    told = yield from ask(Ask(asked, "module descriptions"))
    described = dict(zip([m.name for m in modules], map(clean, told), strict=True))
    return Ground(dataset, clean(summary), described)


def dataset_summary(spec: RunSpec) -> Conversation[str]:
    """Observe batch after batch until COMPLETE was said often enough, then condense."""
    temperature = spec.settings.proposal_temperature
    batches = [spec.train[i : i + BATCH] for i in range(0, len(spec.train), BATCH)]
    notes: list[str] = []
    complete = 0
    for batch in batches[:MAX_BATCHES]:
        prompt = prompts.observe(batch, "\n".join(notes), temperature)
        (reply,) = yield from ask(Ask((prompt,), "dataset observations"))
        if reply.strip().strip(".").upper().startswith(prompts.COMPLETE):
            complete += 1
            if complete == COMPLETE_LIMIT:
                break
        elif reply.strip():
            notes.append(clean(reply)[:MAX_LENGTH])
    if not notes:
        return ""
    prompt = prompts.summarize("\n".join(notes), temperature)
    (summary,) = yield from ask(Ask((prompt,), "dataset summary"))
    return clean(summary)


def _module_instructions(
    spec: RunSpec,
    module: Module,
    ground: Ground,
    demo_sets: DemoSets | None,
    tried: Sequence[tuple[str, float]],
    new: int,
) -> Conversation[tuple[str, ...]]:
    rng = random.Random(f"{spec.seed}:proposals:{module.name}")
    kept = [module.signature.instruction]
    yield InstructionProposed(module.name, 0, kept[0], "current")
    drafts = []
    for i, tip in enumerate(_tips(spec, new, rng)):
        demos = _shown(demo_sets, module, i + 1)
        prompt = partial(_prompt, spec, module, ground, demos, tried, tip)
        drafts.append(Draft(module, prompt, _tip_name(tip)))
    purpose = f"instructions for {module.name}"
    texts = yield from drafted(spec, drafts, {module.name: kept}, purpose)
    for draft, text in zip(drafts, texts, strict=True):
        if text is not None:
            kept.append(text)
            yield InstructionProposed(module.name, len(kept) - 1, text, draft.source)
    refused = texts.count(None)
    if refused:
        yield Noted(
            f"{refused} of {new} proposed instructions for {module.name} were left out, after "
            f"{REDRAWS} further draws each."
        )
    return tuple(kept)


def _prompt(
    spec: RunSpec,
    module: Module,
    ground: Ground,
    demos: Sequence[Demo],
    tried: Sequence[tuple[str, float]],
    tip: str,
    sample: int,
) -> Prompt:
    shows = spec.settings.grounding
    return prompts.propose_instruction(
        module,
        baseline_of(spec.program).modules[module.name],
        dataset_summary=ground.dataset_summary,
        program=spec.program if shows.program_summary else None,
        program_summary=ground.program_summary,
        module_description=ground.module_descriptions.get(module.name, ""),
        demos=demos if shows.demos else (),
        history=tried,
        tip=tip,
        temperature=spec.settings.proposal_temperature,
        sample=sample,
    )


def _shown(demo_sets: DemoSets | None, module: Module, index: int) -> tuple[Demo, ...]:
    if demo_sets is None:
        return ()
    filled = [demos for demos in demo_sets.by_module[module.name] if demos]
    return filled[(index - 1) % len(filled)][:SHOWN_DEMOS] if filled else ()


def _tips(spec: RunSpec, count: int, rng: random.Random) -> list[str]:
    if not spec.settings.grounding.tips:
        return [""] * count
    return [prompts.TIPS[rng.choice(list(prompts.TIPS))] for _ in range(count)]


def _tip_name(tip: str) -> str:
    name = next((name for name, text in prompts.TIPS.items() if text == tip), "none")
    return "grounded" if name == "none" else f"grounded, tip: {name.replace('_', ' ')}"

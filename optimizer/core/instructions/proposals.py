"""Instruction proposals, grounded in the data, the program and the demos (the paper's §3.1)."""

from __future__ import annotations

import random
from collections.abc import Sequence

from optimizer.core.conversation.events import (
    InstructionProposed,
    Phase,
    PhaseStarted,
    ProposalRefused,
    noted,
)
from optimizer.core.conversation.requests import Ask, Conversation, ask
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.demos.demo_sets import DemoSet, DemoSets
from optimizer.core.instructions import prompts
from optimizer.core.instructions.cleaning import clean, text_of
from optimizer.core.instructions.drafting import REDRAWS, drafted
from optimizer.core.instructions.guards import MAX_LENGTH, refusal
from optimizer.core.instructions.guidance import Ground, Guidance, draw_tip, grounded_draft
from optimizer.core.instructions.model_probe import WEAK_PROPOSALS, too_weak
from optimizer.core.instructions.plain import SOURCES, plain_instructions
from optimizer.core.problems import fine
from optimizer.core.programs.program import Module, Program

BATCH = 10
"""Examples shown at a time for the dataset summary."""
MAX_BATCHES = 10
COMPLETE_LIMIT = 5
"""The summary is done after this many COMPLETE answers (§3.1)."""

Instructions = dict[str, tuple[str, ...]]
"""Instruction candidates by module; the first is the current one."""

History = dict[str, tuple[tuple[str, float], ...]]
"""Instructions tried before with the program's score, by module, ascending."""


def propose(
    spec: RunSpec, demo_sets: DemoSets | None, history: History
) -> Conversation[Instructions]:
    """Write `spec.settings.instructions - 1` new instructions for every module, all upfront.

    Plain ones made from the signature come on top. A model too weak to propose writes fewer, and
    without summaries. A frozen instruction is its module's only one.
    """
    new = max(spec.settings.instructions - 1, 0)
    open_ones = [m for m in spec.program.modules if m.writable]
    yield PhaseStarted(Phase.PROPOSE, (new + len(SOURCES)) * len(open_ones))
    weak = (yield from too_weak(new)) if new and open_ones else False
    ground = (yield from grounding(spec)) if new and open_ones and not weak else Ground()
    new = min(new, WEAK_PROPOSALS) if weak else new
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
    (reply,) = yield from ask(Ask((prompt,), "program summary"))
    summary = clean(text_of(reply))
    modules = [m for m in spec.program.modules if m.writable]
    asked = tuple(
        prompts.describe_module(spec.program, module, summary, temperature) for module in modules
    )
    told = yield from ask(Ask(asked, "module descriptions"))
    texts = [clean(text_of(reply)) for reply in told]
    return Ground(dataset, summary, dict(zip([m.name for m in modules], texts, strict=True)))


def dataset_summary(spec: RunSpec) -> Conversation[str]:
    """Observe batch after batch, in random order as files are often sorted, until COMPLETE was said
    often enough, then condense.
    """
    temperature = spec.settings.proposal_temperature
    rows = list(spec.train)
    random.Random(f"{spec.seed}:summary").shuffle(rows)
    batches = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
    notes: list[str] = []
    complete = 0
    for batch in batches[:MAX_BATCHES]:
        prompt = prompts.observe(batch, "\n".join(notes), temperature)
        (reply,) = yield from ask(Ask((prompt,), "dataset observations"))
        said = text_of(reply)
        if _is_complete(said):
            complete += 1
            if complete == COMPLETE_LIMIT:
                break
        elif said.strip():
            notes.append(clean(said)[:MAX_LENGTH])
    if not notes:
        return ""
    prompt = prompts.summarize("\n".join(notes), temperature)
    (summary,) = yield from ask(Ask((prompt,), "dataset summary"))
    return clean(text_of(summary))


def _is_complete(reply: str) -> bool:
    """Whether nothing is left to observe. The word counts in capitals or alone: an observation may
    begin with it.
    """
    said = reply.strip(" \n.\"'*`")
    return said.startswith(prompts.COMPLETE) or said.upper() == prompts.COMPLETE


def _module_instructions(
    spec: RunSpec,
    module: Module,
    ground: Ground,
    demo_sets: DemoSets | None,
    tried: Sequence[tuple[str, float]],
    new: int,
) -> Conversation[tuple[str, ...]]:
    rng = random.Random(f"{spec.seed}:proposals:{module.name}")
    kept = yield from unwritten(spec, module)
    drafts = []
    for index in range(new):
        demos = {module.name: _shown(demo_sets, module, index)}
        guidance = Guidance(tip=draw_tip(spec, rng), demos=demos)
        drafts.append(grounded_draft(spec, module, ground, guidance, tried))
    purpose = f"instructions for {module.name}"
    texts = yield from drafted(spec, drafts, {module.name: kept}, purpose)
    for draft, text in zip(drafts, texts, strict=True):
        if text is not None:
            kept.append(text)
            yield InstructionProposed(module.name, len(kept) - 1, text, draft.source)
    refused = texts.count(None)
    if refused:
        counts = {"refused": refused, "asked": new, "draws": REDRAWS}
        yield noted(fine("note.proposals_left_out", module=module.name, **counts))
    return tuple(kept)


def unwritten(spec: RunSpec, module: Module) -> Conversation[list[str]]:
    """The current instruction and the plain ones, which cost no call."""
    kept = [module.signature.instruction]
    yield InstructionProposed(module.name, 0, kept[0], "current")
    for text, source in zip(plain_instructions(module), SOURCES, strict=True):
        reason = refusal(spec, module, text, kept)
        if reason:
            yield ProposalRefused(module.name, text[:MAX_LENGTH], reason, source)
        else:
            kept.append(text)
            yield InstructionProposed(module.name, len(kept) - 1, text, source)
    return kept


def _shown(demo_sets: DemoSets | None, module: Module, index: int) -> DemoSet:
    if demo_sets is None:
        return ()
    filled = [demos for demos in demo_sets.by_module[module.name] if demos]
    return filled[index % len(filled)] if filled else ()

"""Instruction proposals, grounded in the data, the program and the demos (the paper's §3.1)."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from optimizer.core import prompts
from optimizer.core.candidate import baseline_of
from optimizer.core.demos import DemoSets
from optimizer.core.events import InstructionProposed, Noted, Phase, PhaseStarted
from optimizer.core.lm import Prompt
from optimizer.core.program import Demo, Module, Program
from optimizer.core.requests import Ask, Conversation, ask
from optimizer.core.signature import unknown_placeholders
from optimizer.core.spec import RunSpec

BATCH = 10
"""Examples shown at a time for the dataset summary."""
MAX_BATCHES = 10
COMPLETE_LIMIT = 5
"""The summary is done after this many COMPLETE answers (§3.1)."""
REDRAWS = 2
"""How often an unusable proposal is drawn again."""
MAX_LENGTH = 3000
"""Characters that an instruction may have."""
SHOWN_DEMOS = 3
"""Demos shown to the optimizer model in one proposal."""

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
    """Write `spec.settings.instructions - 1` new instructions for every module, all upfront."""
    new = max(spec.settings.instructions - 1, 0)
    yield PhaseStarted(Phase.PROPOSE, new * len(spec.program.modules))
    ground = (yield from grounding(spec)) if new else Ground()
    found: Instructions = {}
    for module in spec.program.modules:
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
    asked = tuple(
        prompts.describe_module(spec.program, module, clean(summary), temperature)
        for module in spec.program.modules
    )
    told = yield from ask(Ask(asked, "module descriptions"))
    names = [module.name for module in spec.program.modules]
    described = dict(zip(names, map(clean, told), strict=True))
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
    tips = _tips(spec, new, rng)
    waiting = list(range(new))
    for draw in range(REDRAWS + 1):
        asked = tuple(
            _prompt(
                spec,
                module,
                ground,
                _shown(demo_sets, module, i + 1),
                tried,
                tips[i],
                draw * new + i,
            )
            for i in waiting
        )
        if not asked:
            break
        replies = yield from ask(Ask(asked, f"instructions for {module.name}"))
        failed = []
        for i, reply in zip(waiting, replies, strict=True):
            text = clean(reply)
            problem = unusable(module, text, kept)
            if problem:
                failed.append((i, problem))
                continue
            kept.append(text)
            yield InstructionProposed(module.name, len(kept) - 1, text, _tip_name(tips[i]))
        waiting = [i for i, _ in failed]
    if waiting:
        yield Noted(
            f"{len(waiting)} of {new} proposed instructions for {module.name} were left out: "
            f"{failed[0][1]}"
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


def unusable(module: Module, text: str, kept: Sequence[str]) -> str:
    """Why a proposed instruction cannot be a candidate, "" when it can."""
    if not text:
        return "it was empty."
    if len(text) > MAX_LENGTH:
        return f"it was longer than {MAX_LENGTH} characters."
    if any(same(text, other) for other in kept):
        return "it repeats another instruction."
    names = [f.name for f in (*module.signature.inputs, *module.signature.outputs)]
    unknown = unknown_placeholders(text, names)
    return f"it uses {{{unknown[0]}}}, which is no field of the module." if unknown else ""


def same(text: str, other: str) -> bool:
    """Whether two instructions differ in nothing but case, space and punctuation."""
    return re.findall(r"\w+", text.casefold()) == re.findall(r"\w+", other.casefold())


_LABEL = re.compile(
    r"^(?:\*\*)?(?:(?:new|proposed|improved|final)\s+)?"
    r"(?:instructions?|summary|description|observations?)(?:\*\*)?\s*:(?:\*\*)?\s*",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^```\w*\n(.*?)\n?```$", re.DOTALL)


def clean(reply: str) -> str:
    """A reply without the label, the quotes or the code fence that models put around it."""
    text = reply.strip()
    fence = _FENCE.match(text)
    text = (fence.group(1) if fence else text).strip()
    text = _LABEL.sub("", text, count=1).strip()
    for left, right in (('"', '"'), ("“", "”"), ("'", "'"), ("`", "`")):
        inner = text[1:-1]
        if len(text) > 1 and text[0] == left and text[-1] == right and left not in inner:
            return inner.strip()
    return text


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

"""Improving one instruction without a dataset (FIPO: Lu et al. 2024, arXiv 2402.11811).

The writer sees the instruction and, where there are any, an answer that a model gave under it and
the right answer. It writes two, so that somebody may choose.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.core.conversation.events import InstructionProposed, Phase, PhaseStarted, StopReason
from optimizer.core.conversation.requests import BudgetSpent, Conversation
from optimizer.core.conversation.spec import Limits, ModelRef
from optimizer.core.instructions import wording
from optimizer.core.instructions.drafting import REDRAWS, Draft, drafted
from optimizer.core.instructions.prompts import INSTRUCTION_TOKENS, to_keep
from optimizer.core.instructions.shown import current_text, fields_of, pseudo_code
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import EmbeddingModel, Message, OwnModel, Prompt, Role
from optimizer.core.programs.program import Module, Program

REWRITES = 2
"""Written at once, to be chosen between."""
MOST_CALLS = REWRITES * (1 + REDRAWS)
HEAT = 0.9
SHOWN = 4000
"""Characters of an answer that the writer sees."""
SOURCE = "improved"


@dataclass(frozen=True)
class ImproveSpec:
    """What is to be improved: a module's instruction as it stands in `program`; `about` names that
    for who asks.

    `given` is an answer of a model to `inputs`, `right` the right one; "" where there is none.
    """

    program: Program
    module: str
    model: ModelRef
    namespace: str
    inputs: str = ""
    given: str = ""
    right: str = ""
    about: str = ""
    limits: Limits = field(default_factory=lambda: Limits(max_calls=MOST_CALLS))

    @property
    def train(self) -> tuple[Example, ...]:
        """Nothing that a text could copy from."""
        return ()

    validation = train

    @property
    def role_models(self) -> dict[Role, tuple[ModelRef, ...]]:
        return {Role.OPTIMIZER: (self.model,)}

    @property
    def own_models(self) -> tuple[OwnModel, ...]:
        return ()

    @property
    def judge_models(self) -> tuple[OwnModel, ...]:
        return ()

    @property
    def embedding_models(self) -> tuple[EmbeddingModel, ...]:
        return ()


def improve(spec: ImproveSpec) -> Conversation[StopReason]:
    """Two rewrites, kept back by the guards like every proposal and drawn again, twice at most."""
    module = spec.program.module(spec.module)
    known = {module.name: [module.signature.instruction]}
    yield PhaseStarted(Phase.PROPOSE, REWRITES)

    def said(sample: int) -> Prompt:
        return improve_instruction(spec, module, sample)

    drafts = [Draft(module, said, SOURCE)] * REWRITES
    try:
        texts = yield from drafted(spec, drafts, known, "rewrites to choose from")
    except BudgetSpent as spent:
        return StopReason.of(spent.cap)
    for index, text in enumerate(filter(None, texts), 1):
        yield InstructionProposed(module.name, index, text, SOURCE)
    return StopReason.COMPLETED


def improve_instruction(spec: ImproveSpec, module: Module, sample: int) -> Prompt:
    """The request for one rewrite; draws differ by their sample."""
    current = baseline_of(spec.program).modules[module.name]
    parts = [wording.IMPROVE]
    if len(spec.program.modules) > 1:
        parts.append(f"The program that it is a part of:\n{pseudo_code(spec.program)}")
    parts.append(f"The fields of `{module.name}`:\n{fields_of(module)}")
    parts.append(f"The instruction:\n{current_text(module, current)}")
    if spec.inputs:
        parts.append(f"It was once followed for:\n{spec.inputs[:SHOWN]}")
    if spec.given:
        parts.append(f"What a model answered:\n{spec.given[:SHOWN]}")
    if spec.right:
        parts.append(f"The right answer:\n{spec.right[:SHOWN]}")
    if to_keep(module):
        parts.append(to_keep(module))
    parts.append(f"{wording.SAME_TASK} Answer with the new instruction only.\n\nInstruction:")
    tokens = INSTRUCTION_TOKENS + len(current.instruction) // 3
    message = Message("user", "\n\n".join(parts))
    return Prompt((message,), temperature=HEAT, max_tokens=tokens, sample=sample)

"""Drawing instructions from the optimizer model, through the guards (the paper's §3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from optimizer.core.conversation.events import ProposalRefused
from optimizer.core.conversation.requests import Ask, Conversation, Unfinished, ask
from optimizer.core.instructions import guards
from optimizer.core.instructions.cleaning import clean, not_taken, text_of
from optimizer.core.problems import Problem
from optimizer.core.programs.lm import Prompt
from optimizer.core.programs.program import Module

REDRAWS = 2
"""How often a refused proposal is drawn again."""


def _no_reason(_text: str) -> Problem | None:
    return None


@dataclass(frozen=True)
class Draft:
    """One instruction to be written for a module.

    `prompt(sample)` is what is said for that draw: equal texts with other samples are other draws.
    `source` says in a few words where the instruction comes from. `also_refused`: why a text that
    the guards let through is not to be taken all the same, None where it is.
    """

    module: Module
    prompt: Callable[[int], Prompt]
    source: str
    also_refused: Callable[[str], Problem | None] = _no_reason


def drafted(
    spec: guards.Material,
    drafts: Sequence[Draft],
    kept: Mapping[str, Sequence[str]],
    purpose: str,
    model: int = 0,
) -> Conversation[tuple[str | None, ...]]:
    """Have all drafts written at once; what the guards refuse is told and drawn again.

    `kept` are the instructions by module that new ones must differ from; drafts accepted here count
    among them. `model` is the optimizer model that writes, as in `Ask`. Returns one text a draft,
    None where every draw was refused.
    """
    found: list[str | None] = [None] * len(drafts)
    known = {draft.module.name: [*kept.get(draft.module.name, ())] for draft in drafts}
    waiting = list(range(len(drafts)))
    for draw in range(REDRAWS + 1):
        asked = tuple(drafts[i].prompt(draw * len(drafts) + i) for i in waiting)
        if not asked:
            break
        replies = yield from ask(Ask(asked, purpose, model))
        for i, reply in zip(waiting, replies, strict=True):
            module, text = drafts[i].module, clean(text_of(reply))
            reason = (
                not_taken(reply, text)
                or guards.refusal(spec, module, text, known[module.name])
                or drafts[i].also_refused(text)
            )
            if reason:
                shown = (text or _raw(reply))[: guards.MAX_LENGTH]
                yield ProposalRefused(module.name, shown, reason, drafts[i].source)
            else:
                found[i] = text
                known[module.name].append(text)
        waiting = [i for i in waiting if found[i] is None]
    return tuple(found)


def _raw(reply: str | Unfinished) -> str:
    return reply if isinstance(reply, str) else reply.text

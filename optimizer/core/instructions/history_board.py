"""The history that OPRO's writer reads, and what people wish of it (Yang et al. 2023, arXiv
2309.03409, §3 and its appendix on the meta-prompt).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from optimizer.core.instructions import wording
from optimizer.core.instructions.prompts import INSTRUCTION_TOKENS, to_keep
from optimizer.core.instructions.shown import fields_of, shown_example
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Message, Prompt
from optimizer.core.programs.program import Module
from optimizer.core.programs.signature import FieldType

BEST = 20
"""Entries that are shown, the best ones."""
BUCKETS = 100
"""Scores are shown as integers from 0 to this."""
EXEMPLARS = 3
LONGEST = 500
"""Characters of a text that is taken, where the current one is no longer."""
PLACE = "<INSTRUCTION>"
"""Stands where the instruction goes."""


_LEFT_OVER = re.compile(r"[<\[{]/?\s*instruction\s*[>\]}]", re.IGNORECASE)


class Sign(StrEnum):
    """What people wish of a text: always shown, never shown, tried as one of their own."""

    PIN = "pin"
    HIDE = "hide"
    ADD = "add"


@dataclass(frozen=True)
class Wish:
    module: str
    sign: Sign
    text: str

    def told(self) -> str:
        """As it is handed to the conversation."""
        return json.dumps([self.module, self.sign, self.text], ensure_ascii=False)


@dataclass(frozen=True)
class Entry:
    """An instruction that was tried, and the mean score in 0–1 of the programs that had it."""

    text: str
    score: float


def wishes_in(told: Iterable[str]) -> tuple[Wish, ...]:
    """What `Wish.told` says, as it came back."""
    found = (json.loads(one) for one in told)
    return tuple(Wish(module, Sign(sign), text) for module, sign, text in found)


def shown_entries(
    entries: Sequence[Entry], wishes: Sequence[Wish], least: int = 0
) -> tuple[Entry, ...]:
    """The best twenty of a module's entries, ascending, without those whose bucket is below
    `least`; those that are pinned stay whatever they scored, and none that is hidden does.
    """
    pinned = {wish.text for wish in wishes if wish.sign is Sign.PIN}
    hidden = {wish.text for wish in wishes if wish.sign is Sign.HIDE}
    open_ones = [entry for entry in entries if entry.text not in hidden]
    kept = [entry for entry in open_ones if entry.text in pinned]
    others = [e for e in open_ones if e.text not in pinned and bucket_of(e.score) >= least]
    room = max(BEST - len(kept), 0)
    best = sorted(others, key=lambda entry: entry.score)[-room:] if room else []
    return tuple(sorted([*kept, *best], key=lambda entry: entry.score))


def bucket_of(score: float) -> int:
    return int(BUCKETS * score + 0.5)


def meta_prompt(
    module: Module,
    entries: Sequence[Entry],
    exemplars: Sequence[Example],
    *,
    temperature: float,
    sample: int = 0,
) -> Prompt:
    """One prompt for all of a step's draws: the history, the exemplars, and what is wanted."""
    parts = [f"{wording.ATTEMPTS} {wording.SCALE}"]
    parts += [f"instruction:\n{entry.text}\nscore:\n{bucket_of(entry.score)}" for entry in entries]
    if exemplars:
        parts.append(f"{wording.WHERE_IT_GOES} {PLACE}.")
        parts += [f"{PLACE}\n{shown_example(example)}" for example in exemplars]
    parts.append(f"The fields of the task:\n{fields_of(module)}")
    if to_keep(module):
        parts.append(to_keep(module))
    parts.append(f"{wording.UNLIKE_ALL} Answer with the new instruction only.\n\nInstruction:")
    message = Message("user", "\n\n".join(parts))
    return Prompt((message,), temperature=temperature, max_tokens=INSTRUCTION_TOKENS, sample=sample)


def dropped(module: Module, current: str, text: str) -> Problem | None:
    """Why a text is dropped that the guards let through: too long, what stands for the instruction
    left in it (a field's placeholder, or what the current one says, is none), or figures where
    figures are the answer.
    """
    longest = max(LONGEST, len(current))
    if len(text) > longest:
        return problem("proposal.long", most=longest)
    own = {f"{{{name}}}" for name in module.spoken_names} | set(_LEFT_OVER.findall(current))
    if set(_LEFT_OVER.findall(text)) - own:
        return problem("proposal.placeholder_left", name=PLACE)
    figures = {FieldType.INTEGER, FieldType.NUMBER}
    asked = any(field.type in figures for field in module.signature.outputs)
    if asked and any(c.isdigit() for c in text) and not any(c.isdigit() for c in current):
        return problem("proposal.figures")
    return None


def polished(module: Module, text: str) -> str:
    """With a capital first letter, unless a locked phrase begins there."""
    capital = text[:1].upper() + text[1:]
    return capital if all(phrase in capital for phrase in module.locked) else text

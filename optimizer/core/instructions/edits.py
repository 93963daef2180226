"""Rewriting within an edit budget, beside related attempts (GPO: Tang et al., arXiv 2402.17564).

The paper reads prompt optimization as gradient descent: attempts tried before are its momentum, and
the words that one step may change are its learning rate, which decays along a cosine (§3.2, §3.3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from optimizer.core.instructions import wording
from optimizer.core.instructions.guards import words
from optimizer.core.instructions.prompts import INSTRUCTION_TOKENS, to_keep
from optimizer.core.instructions.shown import fields_of, shown_example
from optimizer.core.programs.example import Example
from optimizer.core.programs.likeness import Index, most_alike
from optimizer.core.programs.lm import Message, Prompt
from optimizer.core.programs.program import Module

FORMAT_EXAMPLES = 3
"""Examples of the task that a rewriting is shown, for its form."""


@dataclass(frozen=True)
class Attempt:
    """An instruction tried before: its index among the module's, and its mean score in 0–1."""

    index: int
    text: str
    score: float


def budget_at(step: int, steps: int, first: int, last: int) -> int:
    """Words that may change in step 0, 1, … of so many: from `first` to `last` along a cosine."""
    if steps <= 1:
        return first
    share = min(step / (steps - 1), 1.0)
    return round(last + (first - last) * (1 + math.cos(math.pi * share)) / 2)


def edited_words(before: str, after: str) -> int:
    """Words that were put in, taken out, or put in another's place, each counted once."""
    matcher = SequenceMatcher(None, words(before), words(after), autojunk=False)
    return sum(
        max(a_end - a, b_end - b)
        for kind, a, a_end, b, b_end in matcher.get_opcodes()
        if kind != "equal"
    )


def related_attempts(current: str, attempts: Sequence[Attempt], count: int) -> list[Attempt]:
    """Up to `count` attempts by likeness of their words to the current one, ascending by score.

    The current one is among them where it was tried.
    """
    own = [attempt for attempt in attempts if attempt.text == current][:1]
    others = [attempt for attempt in attempts if attempt.text != current]
    wanted = max(count - len(own), 0)
    near = most_alike(Index([a.text for a in others]), current, wanted) if wanted else []
    found = [*own, *(others[number] for number in near)]
    return sorted(found, key=lambda attempt: (attempt.score, attempt.index))


def rewrite_within(
    module: Module,
    current: str,
    attempts: Sequence[Attempt],
    examples: Sequence[Example],
    budget: int,
    *,
    temperature: float,
    sample: int = 0,
) -> Prompt:
    """A better instruction that differs from the current one in at most `budget` words."""
    parts = [wording.IMPROVE]
    parts.append(f"The fields of the task:\n{fields_of(module)}")
    if examples:
        shown = "\n\n".join(shown_example(example) for example in examples)
        parts.append(f"{wording.FORM_EXAMPLES}:\n\n{shown}")
    if attempts:
        told = "\n".join(f"- {100 * a.score:.1f}: {a.text}" for a in attempts)
        parts.append(f"{wording.RELATED}:\n{told}")
    parts.append(f"The current instruction:\n{module.rewritable(current)}")
    if to_keep(module):
        parts.append(to_keep(module))
    allowed = f"{budget} {'word' if budget == 1 else 'words'}"
    parts.append(
        f"{wording.LEARN} You may change at most {allowed} {wording.WITHIN} "
        "Answer with the new instruction only.\n\nInstruction:"
    )
    tokens = INSTRUCTION_TOKENS + len(current) // 3
    message = Message("user", "\n\n".join(parts))
    return Prompt((message,), temperature=temperature, max_tokens=tokens, sample=sample)

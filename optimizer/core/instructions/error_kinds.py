"""Failures by their kind, a summary of each, and a rewriting out of these (PROMST: Chen et al.
2024, arXiv 2402.08702, §3.2).

People's feedback rules name the kinds; what no rule speaks of is a reply that could not be read, or
a wrong answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.core.evaluation.cases import Case
from optimizer.core.instructions import wording
from optimizer.core.instructions.prompts import INSTRUCTION_TOKENS, SUMMARY_TOKENS, to_keep
from optimizer.core.instructions.reflection import varied
from optimizer.core.instructions.shown import fields_of, pseudo_code, shown_case
from optimizer.core.metrics.feedback import FeedbackRule
from optimizer.core.programs.lm import Message, Prompt
from optimizer.core.programs.program import Module, Program

KINDS = 5
"""Kinds of failures that are summed up for one prompt: the most frequent ones."""
UNREADABLE = "replies that could not be read"
WRONG = "answers that were not right"


@dataclass(frozen=True)
class ErrorKind:
    """What happened, in the words of the rule that noticed it, and the cases in which it did."""

    label: str
    cases: tuple[Case, ...]


def kinds_of(
    module: Module, failures: Sequence[Case], rules: Sequence[FeedbackRule]
) -> list[ErrorKind]:
    """The kinds of these failures that concern a module, the most frequent first; one case may be
    of several.
    """
    own = [rule for rule in rules if rule.module in ("", module.name)]
    found: dict[str, list[Case]] = {}
    for case in failures:
        labels = [rule.text.strip() for rule in own if rule.fires(case)]
        for label in dict.fromkeys(labels or [_unnamed(module, case)]):
            found.setdefault(label, []).append(case)
    kinds = [ErrorKind(label, tuple(cases)) for label, cases in found.items()]
    return sorted(kinds, key=lambda kind: -len(kind.cases))[:KINDS]


def _unnamed(module: Module, case: Case) -> str:
    unread = any(call.problem for call in case.trace if call.module == module.name)
    return UNREADABLE if unread else WRONG


def summarize_kind(program: Program, module: Module, kind: ErrorKind, temperature: float) -> Prompt:
    """A few sentences on what goes wrong in cases of one kind."""
    told = "\n\n".join(
        f"--- Case {n} ---\n{shown_case(program, module, case)}"
        for n, case in enumerate(varied(module, kind.cases), 1)
    )
    text = (
        f"The module `{module.name}` of a program made of language-model modules fails in one and "
        f"the same way: {kind.label}\n\nThe module's fields:\n{fields_of(module)}\n\n"
        f"Cases of it:\n\n{told}\n\n"
        f"{wording.SUM_UP}\n\nSummary:"
    )
    message = Message("user", text)
    return Prompt((message,), temperature=temperature, max_tokens=SUMMARY_TOKENS)


def rewrite_by_kinds(
    program: Program,
    module: Module,
    ancestors: Sequence[tuple[str, float]],
    summaries: Sequence[tuple[ErrorKind, str]],
    *,
    temperature: float,
    sample: int = 0,
) -> Prompt:
    """A better instruction for a module; `ancestors` are what it was made of with their scores, the
    current one last, `summaries` say what goes wrong with that.
    """
    *earlier, (current, _) = ancestors
    parts = [
        f"The module `{module.name}` {wording.SHALL_GET}",
        f"The program:\n{pseudo_code(program)}",
        f"The module's fields:\n{fields_of(module)}",
    ]
    if earlier:
        told = "\n".join(f"{n}. ({100 * s:.1f}) {text}" for n, (text, s) in enumerate(earlier, 1))
        parts.append(f"{wording.SO_FAR}:\n{told}")
    parts.append(f"The current instruction ({100 * ancestors[-1][1]:.1f}):\n{current}")
    found = "\n".join(
        f"{n}. {kind.label} (in {len(kind.cases)} of its failures): {summary}"
        for n, (kind, summary) in enumerate(summaries, 1)
    )
    parts.append(f"{wording.GOES_WRONG}:\n{found}")
    if to_keep(module):
        parts.append(to_keep(module))
    parts.append(f"{wording.NONE_AGAIN} Answer with the new instruction only.\n\nInstruction:")
    tokens = INSTRUCTION_TOKENS + len(current) // 3
    message = Message("user", "\n\n".join(parts))
    return Prompt((message,), temperature=temperature, max_tokens=tokens, sample=sample)

"""Reflection: a better instruction drafted from examples that failed and why they did (GEPA)."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.cases import Case
from optimizer.core.instructions import prompts
from optimizer.core.instructions.drafting import Draft
from optimizer.core.instructions.guidance import SAMPLES_OF_A_ROUND
from optimizer.core.programs.lm import Prompt
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.signature import Value, written

SHOWN_FAILURES, SHOWN_CONTRASTS = 4, 2
"""Cases and pairs shown in one prompt: enough to see what they share, few enough to be read."""


def reflect(
    spec: RunSpec,
    module: Module,
    prompt: ModulePrompt,
    failures: Sequence[Case],
    contrasts: Sequence[tuple[Case, Case]],
    source: str,
    round_: int = 0,
) -> Draft:
    """The draft of a better instruction for `module`, whose prompt was `prompt` in `failures`.

    The first few failures that differ from one another and a few contrasts are shown; give training
    examples only, what is shown here must not score the instruction later. The same failures give
    another reply in another round.
    """
    shown = varied(module, failures)
    pairs = tuple(contrasts)[:SHOWN_CONTRASTS]

    def said(sample: int) -> Prompt:
        return prompts.reflect_instruction(
            spec.program,
            module,
            prompt,
            shown,
            pairs,
            temperature=spec.settings.proposal_temperature,
            sample=round_ * SAMPLES_OF_A_ROUND + sample,
        )

    return Draft(module, said, source)


def varied(module: Module, cases: Sequence[Case], count: int = SHOWN_FAILURES) -> tuple[Case, ...]:
    """The first `count` cases, one of each kind of failure before the second of any.

    A kind is what was wanted and what came. Cases that reached the module go before the others.
    """
    places = []
    seen: dict[tuple[str, str], int] = {}
    for case in cases:
        kind = (_words(case.expected), _words(case.outputs))
        missed = all(call.module != module.name for call in case.trace)
        places.append((missed, seen.get(kind, 0)))
        seen[kind] = seen.get(kind, 0) + 1
    order = sorted(range(len(cases)), key=lambda i: places[i])
    return tuple(cases[i] for i in order[:count])


def _words(values: dict[str, Value]) -> str:
    return "; ".join(f"{name}: {written(value)}" for name, value in sorted(values.items()))

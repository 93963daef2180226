"""A world in which reflection can win: examples come in kinds, and an instruction that has the rule
for a kind solves it. The metric's reason says which rule was missed; nothing else does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from tests.fakes.world import World, chance

RULES = {
    "refund": "Who wants money back is never spam, whoever asks and however often it was asked.",
    "delivery": "A parcel that does not come counts as ham unless a link stands beside the date.",
    "invoice": "Bills are to be taken at their word: only one without any number is suspicious.",
    "login": "Passwords, codes and doors that stay shut belong to the desk for accounts.",
}
KINDS = tuple(RULES)


def kind_messages(count: int, prefix: str) -> tuple[Example, ...]:
    """Examples of all kinds in turn; the text does not tell the kind."""
    return tuple(
        Example(
            f"{prefix}-{KINDS[i % len(KINDS)]}-{i}",
            {"message": f"{prefix} text {i}"},
            {"label": ("ham", "spam")[i % 2]},
        )
        for i in range(count)
    )


def kind_of(example: Example) -> str:
    return example.id.split("-")[1]


def read_and_add_a_rule(text: str, n: int) -> str:
    """Writes like a model that reads the failures: the current instruction and one missed rule."""
    current = re.search(r"current instruction:\n(.*?)\n\nExamples that", text, re.DOTALL)
    missed = sorted(set(re.findall(r"the (\w+) rule was missed", text)))
    if current is None or not missed:
        return "Look closely at what is asked and answer with great care, step after step."
    return f"{current.group(1)} {RULES[missed[int(chance(n) * len(missed))]]}"


def rules_by_module(program: Program) -> dict[str, str]:
    """The module that must know each kind's rule: they share the kinds out among them."""
    names = [module.name for module in program.modules]
    return {kind: names[i * len(names) // len(KINDS)] for i, kind in enumerate(KINDS)}


@dataclass
class KindWorld(World):
    """Scores by rules known; `gives_reasons` False leaves the metric's reason empty."""

    gives_reasons: bool = True

    def outcome(self, candidate: Candidate, example: Example) -> Outcome:
        kind = kind_of(example)
        module = rules_by_module(self.program)[kind]
        right = RULES[kind] in candidate.modules[module].instruction
        label = str(example.expected["label"])
        given = label if right else {"ham": "spam", "spam": "ham"}[label]
        reason = "as expected" if right else f"the {kind} rule was missed"
        score = Score(float(right), reason if self.gives_reasons else "")
        return Outcome(example.id, score, {"label": given}, self.calls(example, given))

    def calls(self, example: Example, label: str) -> tuple[CallTrace, ...]:
        made = []
        for call in self.program.calls:
            module = self.program.module(call.module)
            inputs = {f.name: example.inputs.get(f.name, "news") for f in module.signature.inputs}
            outputs = {f.name: label for f in module.signature.outputs}
            made.append(CallTrace(call.name, call.module, inputs, outputs, "{}"))
        return tuple(made)

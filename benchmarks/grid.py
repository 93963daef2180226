"""What a table of answers is made over: instructions, and demo sets by how they are drawn."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.answers import Answers
from benchmarks.tasks import Task
from optimizer.core.demos.pools import pool_of_labels
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.demo import Choosing, Demo, Demos, NearestDemos
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.signature import written

TEACHER_DEMOS = 4

Traces = dict[str, list[Demo]]
"""Demos out of programs' right answers on train, by module."""


@dataclass(frozen=True)
class Grid:
    """What is chosen from: instructions and demo sets by module, in the program's order."""

    instructions: dict[str, list[str]]
    demo_sets: dict[str, list[Demos]]

    def sizes(self) -> dict[str, int]:
        """Number of options by parameter, named as the optimizers name them."""
        found: dict[str, int] = {}
        for name, texts in self.instructions.items():
            found |= {f"{name}:instruction": len(texts), f"{name}:demos": len(self.demo_sets[name])}
        return found

    def cells(self) -> list[tuple[int, ...]]:
        """All choices, those with the same last module after one another: its prefix is shared."""
        ranges = [range(n) for n in self.sizes().values()]
        return sorted(itertools.product(*ranges), key=lambda cell: (cell[-2:], cell))

    def candidate(self, cell: Sequence[int]) -> Candidate:
        pairs = zip(self.instructions, zip(cell[::2], cell[1::2], strict=True), strict=True)
        return Candidate(
            {
                name: ModulePrompt(self.instructions[name][i], self.demo_sets[name][d])
                for name, (i, d) in pairs
            }
        )


async def right_traces(task: Task, answers: Answers, train: Sequence[Example]) -> Traces:
    """What comes out right on train, of the bare program and of one with labelled demos."""
    bare = baseline_of(task.program)
    drawn = random.Random("teacher").sample(list(train), TEACHER_DEMOS)
    taught = Candidate(
        {
            m.name: ModulePrompt(m.signature.instruction, tuple(task.labelled(m, e) for e in drawn))
            for m in task.program.modules
        }
    )
    found: Traces = {m.name: [] for m in task.program.modules}
    for candidate in (bare, taught):
        pupils = [e for e in train if e not in drawn]
        for outcome in await answers.outcomes(task.program, task.metric, candidate, pupils):
            if outcome.score is not None and outcome.score.value >= task.metric.threshold:
                for call in outcome.trace:
                    demo = Demo({**call.inputs, **call.outputs}, augmented=True)
                    if demo not in found[call.module]:
                        found[call.module].append(demo)
    return found


def grid_of(task: Task, options: dict[str, Any], train: Sequence[Example], traces: Traces) -> Grid:
    instructions = {m.name: options[m.name]["instructions"] for m in task.program.modules}
    demo_sets = {
        m.name: [_demos(task, m, wanted, train, traces) for wanted in options[m.name]["demo_sets"]]
        for m in task.program.modules
    }
    return Grid(instructions, demo_sets)


def _demos(
    task: Task, module: Module, wanted: dict[str, Any], train: Sequence[Example], traces: Traces
) -> Demos:
    """A demo set by its description; every kind that draws does so with its own seed."""
    if wanted["kind"] == "none":
        return ()
    if wanted["kind"] == "nearest":
        return _nearest(task, module, wanted, train)
    rng, size = random.Random(f"{module.name}:{wanted['seed']}"), wanted["size"]
    if wanted["kind"] == "bootstrapped":
        pool = traces[module.name]
        return tuple(rng.sample(pool, min(size, len(pool))))
    rows = _pools(task, train)[wanted["kind"]]
    return tuple(task.labelled(module, e) for e in rng.sample(rows, min(size, len(rows))))


def _nearest(
    task: Task, module: Module, wanted: dict[str, Any], train: Sequence[Example]
) -> NearestDemos:
    """So many of the labelled training rows for each input, as the product chooses them."""
    pool = pool_of_labels(task.program, module, train, {task.metric.output: task.metric.expected})
    choosing = Choosing(wanted.get("choosing", Choosing.NEAREST))
    label = task.metric.output if choosing is Choosing.BALANCED else ""
    return NearestDemos(wanted["size"], pool, choosing, label)


def _pools(task: Task, train: Sequence[Example]) -> dict[str, list[Example]]:
    """Rows for labelled sets: all, the shortest quarter, or those with the commonest answer."""

    def answer(example: Example) -> str:
        return written(example.expected[task.metric.expected])

    def length(example: Example) -> int:
        return sum(len(written(v)) for v in example.inputs.values())

    commonest = Counter(answer(e).split()[0] for e in train).most_common(1)[0][0]
    return {
        "labelled": list(train),
        "shortest": sorted(train, key=length)[: len(train) // 4],
        "one_answer": [e for e in train if answer(e).split()[0] == commonest],
    }
